//! The page of one number.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::browser::{Browser, PageResponse};
use crate::fake_api::{FakeApi, cancelled, done, done_long, evicted, failed, queued, running};

async fn page_of(calculation: wire::CalculationBody) -> PageResponse {
    let path = format!("/n/{}", calculation.index);
    let answer = Browser::of(&Arc::new(FakeApi::knowing([calculation]))).await.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

#[tokio::test]
async fn a_short_value_is_shown_whole_and_copied_without_gaps() {
    let page = page_of(done("100", "354224848179261915075")).await;
    page.shows("<title>F(100) · Abaci</title>");
    assert!(page.text().contains("354224848179261915075"));
    page.shows(r#"href="/api/calculations/100/value?download""#);
    page.shows(r#"<button class="quiet" name="index" value="99">"#);
    page.shows(r#"<button class="quiet" name="index" value="101">"#);
    page.hides("http-equiv");
    page.hides("data-events");
}

#[tokio::test]
async fn a_value_of_a_thousand_digits_is_shown_whole() {
    let value = format!("-{}", "1234567890".repeat(100));
    let page = page_of(done("-4782", &value)).await;
    assert!(page.text().contains(&value));
}

#[tokio::test]
async fn of_a_long_value_the_ends_are_shown_and_how_many_are_left_out() {
    let page = page_of(done_long("1000000")).await;
    let text = page.text();
    assert!(text.contains("19532821287077577316… 208948 more digits …68996526838242546875"), "{text}");
    page.shows("208 kB");
    page.shows("37 ms");
    page.shows("5b1d5e6f");
    assert!(page_of(done_long("-1000000")).await.text().contains("-19532821287077577316"));
    assert!(!page_of(done_long("-1000001")).await.text().contains("-19532821287077577316"));
}

#[tokio::test]
async fn work_under_way_is_shown_live_and_reloads_without_scripts() {
    let page = page_of(running("1000000")).await;
    page.shows(r#"<progress max="1" value="0.431" aria-label="Progress of F(1000000)">"#);
    page.shows("<span data-percent>43 %</span>");
    page.shows("<span data-left>about 13 s left</span>");
    page.shows(r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#);
    page.shows(r#"data-events="/api/events?index=1000000""#);
    page.hides("withdraw");

    let mut long = running("1000000000");
    long.remaining_ms = Some(600_000);
    page_of(long).await.shows(r#"content="30""#);
    page_of(queued("7")).await.shows("Waiting for its turn");
    let mut waiting = queued("7");
    waiting.waiting_for = Some(model::WaitingFor::Memory);
    page_of(waiting).await.shows("Waiting for memory");
}

#[tokio::test]
async fn what_came_to_nothing_says_why_and_can_be_asked_for_again() {
    for (calculation, why) in [
        (failed("7"), "The workers that computed it stopped before the end"),
        (cancelled("7"), "Cancelled"),
        (evicted("7"), "make room"),
    ] {
        let page = page_of(calculation).await;
        page.shows(why);
        page.shows(r#"<button id="again" name="index" value="7">Compute again</button>"#);
        page.hides("http-equiv");
        page.hides("?download");
    }
}

#[tokio::test]
async fn a_number_nobody_asked_for_is_404_and_offered() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let page = browser.get("/n/9223372036854775807").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.shows(r#"<button id="again" name="index" value="9223372036854775807">Compute it</button>"#);
    page.shows(r#"value="9223372036854775806""#);
    page.hides("9223372036854775808");
}

#[tokio::test]
async fn other_spellings_lead_to_the_one_address_of_a_number() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    for (spelled, n) in [("10%5E6", "1000000"), ("007", "7"), ("+7", "7"), ("-0", "0"), ("%201%20000%20", "1000")] {
        let answer = browser.get(&format!("/n/{spelled}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{spelled}");
        assert_eq!(answer.heading("location"), Some(format!("/n/{n}").as_str()));
    }
    for nonsense in ["abc", "%ff", "1.5", "9223372036854775808"] {
        let answer = browser.get(&format!("/n/{nonsense}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nonsense}");
        answer.shows("</html>");
    }
}

#[tokio::test]
async fn the_fragment_is_what_the_page_shows() {
    let browser = Browser::of(&Arc::new(FakeApi::knowing([running("1000")]))).await;
    let fragment = browser.get("/n/1000/fragment").await;
    assert!(fragment.body.starts_with("<article"), "{}", fragment.body);
    browser.get("/n/1000").await.shows(&fragment.body);
    assert_eq!(browser.get("/n/1001/fragment").await.status, StatusCode::NOT_FOUND);
}
