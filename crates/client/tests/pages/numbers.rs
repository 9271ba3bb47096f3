//! The page of one number.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::browser::{Browser, PageResponse};
use crate::fake_api::{FakeApi, cancelled, done, done_long, evicted, failed, other, queued, running};

async fn page_of(calculation: wire::CalculationBody) -> PageResponse {
    let path = format!("/n/{}", calculation.index);
    let answer = Browser::of(&Arc::new(FakeApi::knowing([calculation]))).await.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

/// The digits of the viewer, as a copy would have them.
fn digits(page: &PageResponse) -> String {
    let lines = page.body.split("<span class=\"groups-of-ten\">").skip(1).filter_map(|rest| rest.split("</p>").next());
    let mut inside = false;
    lines
        .flat_map(str::chars)
        .filter(|c| {
            inside = *c == '<' || (inside && *c != '>');
            !inside && *c != '>'
        })
        .collect()
}

#[tokio::test]
async fn a_short_value_is_shown_whole_and_copied_without_gaps() {
    let page = page_of(done("100", "354224848179261915075")).await;
    page.shows("<title>F(100), the 100th Fibonacci number · Abaci</title>");
    assert_eq!(digits(&page), "354224848179261915075");
    page.shows(r#"href="/api/calculations/100/value?download""#);
    page.shows(r#"<a id="before" href="/n/99">"#);
    page.shows(r#"<a id="after" href="/n/101">"#);
    page.hides("http-equiv=\"refresh");
    page.hides("data-pending");
}

#[tokio::test]
async fn a_value_of_a_thousand_digits_is_shown_whole() {
    let value = format!("-{}", "1234567890".repeat(100));
    assert_eq!(digits(&page_of(done("-4782", &value)).await), value);
}

#[tokio::test]
async fn a_long_value_is_read_by_pages_of_its_digits() {
    let api = Arc::new(FakeApi::knowing([done_long("1000000"), done_long("-1000000")]));
    let browser = Browser::of(&api).await;
    let first = browser.get("/n/1000000").await;
    assert_eq!(digits(&first), "7".repeat(5_000));
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations/1000000/value bytes=0-4999");
    first.shows("1–5000 of 208,988");
    first.shows(r#"href="/n/1000000?at=5001#digits">Next"#);
    first.shows("208 kB");
    first.shows("37\u{a0}ms");
    first.shows("5b1d5e6f");
    browser.get("/n/1000000?at=208987").await.shows("208,951–208,988 of 208,988");
    let linked = browser.get("/n/1000000?at=101-150").await;
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations/1000000/value bytes=100-5099");
    linked.shows(r#"<p class="line marked"><a class="place" href="?at=101-150#digits">101</a>"#);
    // The sign is a byte of the value, and no digit.
    browser.get("/n/-1000000").await;
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations/-1000000/value bytes=1-5000");
}

#[tokio::test]
async fn digits_are_found_here_or_by_the_api_and_marked() {
    let api = Arc::new(FakeApi::knowing([done_long("1000000"), done("400", &"1234567890".repeat(9))]));
    let browser = Browser::of(&api).await;
    let page = browser.get("/n/400?find=8,901&from=60").await;
    page.shows("Found at digit 68.");
    page.shows("<span>1234567<mark>890</mark></span><span><mark>1</mark>234567890</span>");
    page.shows(r#"<a href="/n/400?find=8901&amp;from=69#digits">Find the next</a>"#);
    browser.get("/n/400?find=890&from=88").await.shows("Found at digit 88.");
    browser.get("/n/400?find=890&from=88").await.hides("Find the next</a>");
    browser.get("/n/400?find=11").await.shows("Not found.");
    browser.get("/n/400?find=x").await.shows("Only digits can be found here");
    browser.get("/n/400").await.shows(r#"<div class="found" id="found" hidden>"#);
    browser.get("/n/1000000").await.shows("A search of all 208,988 digits takes under 1 ms here.");

    let page = browser.get("/n/1000000?find=777").await;
    page.shows("Found at digit 12,345.");
    page.shows(r#"data-from="12301""#);
    page.shows("<span>7777<mark>777</mark>777</span>");
    let page = browser.get("/n/1000000?find=5&from=3").await;
    assert!(api.calls().iter().any(|call| call.what.ends_with("/1000000/value/find?digits=5&from=3")));
    page.shows("Not among digits 1 to 20,000.");
    page.shows(r#"<a href="/n/1000000?find=5&amp;from=19998#digits">Go on</a>"#);
}

#[tokio::test]
async fn a_copy_is_verified_without_scripts_and_stays_in_its_field() {
    let api = Arc::new(FakeApi::knowing([done("10", "55")]));
    let browser = Browser::of(&api).await;
    browser.get("/n/10").await.shows("autocapitalize=\"off\">55</textarea>");
    let right = browser.post("/n/10/verify", "text=+5%0A5").await;
    assert_eq!(right.status, StatusCode::OK);
    right.shows("Yes, this is F(10): all 2 digits, and all three residues agree.");
    assert!(api.calls().iter().any(|call| call.what == "POST /api/verify?index=10 55"));
    let wrong = browser.post("/n/10/verify", "text=5%266").await;
    wrong.shows("No, this is not F(10). It has 3 digits instead of 2. It differs in 3 of 3 residues.");
    wrong.shows(r#"<a href="/n/10?at=2#digits">The first difference is at digit 2.</a>"#);
    wrong.shows("5&amp;6</textarea>");
    assert_eq!(browser.post("/n/x/verify", "text=1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post("/n/10/verify", &"1".repeat(300_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_number_has_an_image_that_other_sites_may_show() {
    let browser = Browser::of(&Arc::new(FakeApi::knowing([done("10", "55")]))).await;
    let page = browser.get("/n/10").await;
    page.shows(r#"<meta property="og:image" content="http://abaci.test/n/10/preview.png">"#);
    page.shows(r#"<meta property="og:title" content="F(10), the 10th Fibonacci number">"#);
    page.shows("&lt;img src=&quot;http://abaci.test/n/10/preview.svg&quot;");
    assert_eq!(page.heading("cross-origin-resource-policy"), Some("same-origin"));
    let image = browser.get("/n/10/preview.svg").await;
    assert_eq!(image.status, StatusCode::OK);
    assert_eq!(image.heading("content-type"), Some("image/svg+xml"));
    assert_eq!(image.heading("cross-origin-resource-policy"), Some("cross-origin"));
    image.shows("F(10)");
    let image = browser.get("/n/10/preview.png").await;
    assert_eq!(image.heading("content-type"), Some("image/png"));
    assert_eq!(image.heading("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(image.heading("cache-control"), Some("public, max-age=86400"));
    assert_eq!(browser.get("/n/x/preview.png").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/n/010/preview.svg").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn work_under_way_is_shown_live_and_reloads_without_scripts() {
    let page = page_of(running("1000000")).await;
    page.shows(r#"<progress max="1" value="0.431" aria-label="Progress of F(1000000)">"#);
    page.shows("<span data-percent>43 %</span>");
    page.shows("<span data-left>about 13 s left</span>");
    page.shows(r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#);
    page.shows("data-pending");
    page.hides("Cancel");
    page.shows("208,948 digits between them");

    let mut long = running("1000000000");
    long.remaining_ms = Some(600_000);
    page_of(long).await.shows(r#"content="30""#);
    let page = page_of(queued("7")).await;
    page.shows("Waiting for its turn");
    page.shows(r#"data-poll="/fragments/queue/7">12 wait in all, and 1 is being computed."#);
    let second = "It is number 2 in the queue of long work now, and 1 is being computed.";
    page_of(queued("800000000")).await.shows(second);
    let mut waiting = queued("800000000");
    waiting.waiting_for = Some(model::WaitingFor::Memory);
    let page = page_of(waiting).await;
    page.shows("Waiting for memory");
    page.hides(second);
    let lucas = Browser::of(&Arc::new(FakeApi::knowing([other("L(5)", queued("5"))]))).await;
    lucas.get("/n/L(5)").await.shows("It is number 3 in the queue of long work now");
    lucas.get("/fragments/queue/L(5)").await.shows("It is number 3 in the queue of long work now");
}

#[tokio::test]
async fn what_has_no_value_says_why_and_can_be_computed_again() {
    for (calculation, why) in [
        (failed("7"), "The workers that computed it stopped before the end"),
        (cancelled("7"), "Cancelled"),
        (evicted("7"), "make room"),
    ] {
        let page = page_of(calculation).await;
        page.shows(why);
        page.shows(r#"<button id="again" name="index" value="7">Compute again</button>"#);
        page.hides("http-equiv=\"refresh");
        page.hides("?download");
    }
}

#[tokio::test]
async fn a_number_that_was_never_submitted_has_its_facts_and_is_offered() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let page = browser.get("/n/999999").await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows(r#"<button id="again" name="index" value="999999">Compute all digits</button>"#);
    page.shows("about 11 s and 944.6 MB of memory here");
    page.shows("208,988 digits");
    // A small number needs no calculation.
    let small = browser.get("/n/12").await;
    assert_eq!(digits(&small), "144");
    small.shows("It is 144, an odd number with 3 digits.");
    small.shows(r#"<link rel="canonical" href="/n/12">"#);
    small.shows("url = {http://abaci.test/n/12}");
    small.shows("<h1 tabindex=\"-1\" aria-label=\"F of 12\">");
    small.hides("Compute all digits");
    page.shows(r#"<meta name="robots" content="noindex">"#);
}

#[tokio::test]
async fn a_number_beyond_the_limit_has_its_facts_and_is_not_offered() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    for n in ["1000000000000000000", "9223372036854775807", &format!("1{}", "0".repeat(100))] {
        let page = browser.get(&format!("/n/{n}")).await;
        assert_eq!(page.status, StatusCode::OK, "{n}");
        page.shows("too large to compute here, where the limit is F(1,000,000,000)");
        page.hides("name=\"index\" value=");
    }
    browser.get("/n/9223372036854775807").await.hides("9223372036854775808");
}

#[tokio::test]
async fn the_remainder_is_shown_for_a_modulus() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let page = browser.get("/n/1000?mod=12").await;
    page.shows("π(12) = 72");
    page.shows(r#"<svg class="picture round-picture""#);
    page.shows(r#"The first Fibonacci number that 12 divides is <a href="/n/36">F(36)</a>."#);
    for wrong in ["0", "x", "10%5E31"] {
        let page = browser.get(&format!("/n/1000?mod={wrong}")).await;
        page.shows("π(10) = 60");
        page.shows("The modulus is a whole number from 1 to 10³⁰.");
    }
}

#[tokio::test]
async fn the_period_of_a_large_modulus_is_shown() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let page = browser.get("/n/1000?mod=10%5E18").await;
    page.shows("Modulo 1,000,000,000,000,000,000 the remainder is <strong>42</strong>.");
    page.shows("π(1,000,000,000,000,000,000) = 1,500,000,000,000,000,000 numbers.");
    page.shows(r#"divides is <a href="/n/750000000000000000">"#);
    page.hides("42</td></tr><tr><th scope=\"row\">mod <span data-modulus>1000000000000000000");
}

#[tokio::test]
async fn what_is_too_expensive_for_the_page_is_offered_with_what_it_takes() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let refused = browser.get("/n/100000").await;
    refused.shows("to about 41,797 decimal places");
    refused.shows("This is too large to compute here, where the limit is 1,000,000,000.");
    refused.hides("Phi(41797)");
    browser.get("/n/P(1000000000000000000)").await.shows("The Pisano period of 1,000,000,000,000,000,000:");
    let lucas = browser.get("/n/L(1000000)").await;
    lucas.shows(r#"<button id="again" name="index" value="L(1000000)">Compute all digits</button>"#);
    lucas.shows("about 5.0 s and 2.0 MB of memory here");
    browser.get("/card?index=L(1000000)").await.shows("about 5.0 s and 2.0 MB of memory here");
}

#[tokio::test]
async fn other_spellings_lead_to_the_one_address_of_a_number() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    for (spelled, n) in [
        ("10%5E6", "1000000"),
        ("007", "7"),
        ("+7", "7"),
        ("-0", "0"),
        ("%201%20000%20", "1000"),
        ("1,000,000", "1000000"),
        ("10%E2%81%B6", "1000000"),
        ("1e18", "1000000000000000000"),
        ("1e20", "100000000000000000000"),
    ] {
        let answer = browser.get(&format!("/n/{spelled}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{spelled}");
        assert_eq!(answer.heading("location"), Some(format!("/n/{n}").as_str()));
    }
    for nonsense in ["abc", "%ff", "1.5", "1.000", &"9".repeat(1_002)] {
        let answer = browser.get(&format!("/n/{nonsense}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nonsense}");
        answer.shows("</html>");
    }
}

#[tokio::test]
async fn the_value_of_another_subject_has_its_residues() {
    let residue = |subject: &str, residue: &str| wire::ValueResidue {
        subject: subject.to_owned(),
        modulus: "10".to_owned(),
        residue: residue.to_owned(),
    };
    for (subject, residues, shown) in [
        ("L(5)", [residue("L(5)", "1")].to_vec(), "n, p = 5, 10\nk, c, x = 2, [1, 1], [2, 1]\n"),
        ("U(3,-2,4)", [residue("U(3,-2,4)", "1")].to_vec(), "n, p = 4, 10\nk, c, x = 2, [3, 2], [0, 1]\n"),
        ("T(3,5)", [residue("T(3,5)", "4")].to_vec(), "n, p = 5, 10\nk, c, x = 3, [1, 1, 1], [0, 0, 1]\n"),
        ("P(10)", [residue("F(60)", "0"), residue("F(61)", "1")].to_vec(), "n, p = 60, 10\n"),
    ] {
        let value = if subject == "P(10)" { "60" } else { "11" };
        let calculation = wire::CalculationBody { residues: Some(residues.clone()), ..done("5", value) };
        let browser = Browser::of(&Arc::new(FakeApi::knowing([other(subject, calculation)]))).await;
        let page = browser.get(&format!("/n/{subject}")).await;
        page.shows(shown);
        for residue in residues {
            page.shows(&format!("{} mod 10</th><td data-residue>{}</td>", residue.subject, residue.residue));
        }
    }
}

#[tokio::test]
async fn the_value_of_the_golden_ratio_has_what_no_other_number_has() {
    let browser = Browser::of(&Arc::new(FakeApi::knowing([other("Phi(9)", done("9", "1618033988"))]))).await;
    let page = browser.get("/n/Phi(9)").await;
    page.shows("with 9 decimal places");
    page.shows("v, t = open(&quot;Phi(9).txt&quot;).read(), &quot;1e9&quot;\n");
    let browser = Browser::of(&Arc::new(FakeApi::knowing([other("Phi(9)", running("9"))]))).await;
    assert!(!browser.get("/n/Phi(9)").await.body.contains("from decimal"));
}

#[tokio::test]
async fn the_fragment_is_what_the_page_shows() {
    let browser = Browser::of(&Arc::new(FakeApi::knowing([running("1000")]))).await;
    let fragment = browser.get("/n/1000/fragment").await;
    assert!(fragment.body.starts_with("<article"), "{}", fragment.body);
    browser.get("/n/1000").await.shows(&fragment.body);
    let browser = Browser::of(&Arc::new(FakeApi::knowing([other("L(1000)", running("1000"))]))).await;
    let fragment = browser.get("/n/L(1000)/fragment").await;
    fragment.shows(r#"data-live data-subject="L(1000)" data-status="running" data-pending"#);
    fragment.shows(r#"data-fragment="/n/L(1000)/fragment""#);
    let page = browser.get("/n/L(1000)").await;
    page.shows(&fragment.body);
    page.shows(r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#);
    assert_eq!(browser.get("/n/x/fragment").await.status, StatusCode::NOT_FOUND);
}
