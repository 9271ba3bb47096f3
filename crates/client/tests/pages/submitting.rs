//! Sending the form.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use wire::ProblemKind;

use crate::browser::Browser;
use crate::fake_api::{FakeApi, problem, running};

#[tokio::test]
async fn what_people_type_leads_to_the_page_of_the_number() {
    let api = Arc::new(FakeApi::default());
    let browser = Browser::of(&api).await;
    for (typed, n) in
        [("1000", "1000"), ("10%5E6", "1000000"), ("1+000+000", "1000000"), ("2%5E20%2B1", "1048577"), ("-8", "-8")]
    {
        let answer = browser.post("/", &format!("index={typed}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{typed}");
        assert_eq!(answer.heading("location"), Some(format!("/n/{n}").as_str()));
        let asked = api.calls().pop().expect("a call");
        assert_eq!(asked.what, format!(r#"POST /api/calculations {{"index":"{n}"}}"#));
    }
}

#[tokio::test]
async fn what_has_two_meanings_is_asked_back_with_a_button_for_each() {
    let api = Arc::new(FakeApi::default());
    let browser = Browser::of(&api).await;
    let answer = browser.post("/", "index=1.000").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.shows("Did you mean");
    for meaning in ["1000", "1"] {
        answer.shows(&format!(r#"<button class="quiet" type="submit" name="meant" value="{meaning}" formnovalidate>"#));
    }
    let card = browser.get("/card?index=1.000").await;
    card.shows(r#"name="meant" value="1000""#);
    assert!(api.calls().iter().all(|call| !call.what.starts_with("POST")), "submitted nothing");
    let answered = browser.post("/", "index=1.000&meant=1000").await;
    assert_eq!(answered.heading("location"), Some("/n/1000"));
}

#[tokio::test]
async fn what_is_beyond_the_limit_leads_to_its_facts() {
    let refusal = problem(422, ProblemKind::IndexOutOfRange);
    let browser = Browser::of(&Arc::new(FakeApi::refusing(refusal, None))).await;
    for (typed, n) in [("1e18", "1000000000000000000"), ("10^20", "100000000000000000000")] {
        let answer = browser.post("/", &format!("index={typed}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{typed}");
        assert_eq!(answer.heading("location"), Some(format!("/n/{n}").as_str()));
    }
}

#[tokio::test]
async fn the_card_describes_an_index_while_it_is_typed() {
    let api = Arc::new(FakeApi::default());
    let browser = Browser::of(&api).await;
    let card = browser.get("/card?index=10%5E6").await;
    assert_eq!(card.status, StatusCode::OK);
    assert_eq!(
        card.text(),
        "F(1000000)19532821287077…26838242546875208,988 digits · about 11 s and 944.6 MB of memory here"
    );
    browser.get("/card?index=12").await.shows("144");
    browser.get("/card?index=abc").await.shows("got “a” at position 1");
    browser.get("/card?index=%3Cscript%3E").await.hides("<script>");
    assert!(api.calls().is_empty(), "neither looked up nor submitted");
}

#[tokio::test]
async fn what_cannot_be_read_stays_in_the_field_with_the_reason_beside_it() {
    let api = Arc::new(FakeApi::knowing([running("1000000")]));
    let answer = Browser::of(&api).await.post("/", "index=10%5E%5E6").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.shows(r#"value="10^^6""#);
    answer.shows(r#"aria-invalid="true""#);
    answer.shows(r#"aria-describedby="index-problem index-help""#);
    answer.shows("F(<span class=\"groups\"><span>1</span><span>000</span><span>000</span></span>)");
    let begin = answer.body.find(r#"<div class="problem""#).expect("a problem");
    let end = begin + answer.body[begin..].find("</div>").expect("its end");
    insta::assert_snapshot!(&answer.body[begin..end], @r#"<div class="problem" id="index-problem" role="alert"><p><strong>The index is not a whole number</strong></p><p>Expected whole numbers, e, ^, *, +, - and brackets, got “^” at position 4.</p><dl class="particulars"><dt>Given</dt><dd><code>10^^6</code></dd><dt>Allowed</dt><dd>a whole number, as 1000, 1,000,000, 10^6, 2^20+1 or -8</dd></dl><p class="aside"><a href="/api/problems/index-not-integer">What this means, and what to do</a></p>"#);
    assert!(api.calls().iter().all(|call| !call.what.starts_with("POST")), "asked for nothing");
}

#[tokio::test]
async fn every_kind_of_wrong_text_is_answered_with_the_form() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    for (form, says) in [
        ("index=", "No index was given"),
        ("", "No index was given"),
        ("index=1.5", "Not a whole number."),
        ("index=2%5E64", "The index is out of range"),
        (&format!("index={}", "1+".repeat(101)), "Expected at most 200 characters."),
        ("index=7%00", "at position 2"),
    ] {
        let answer = browser.post("/", form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        answer.shows(says);
        answer.shows(r#"<form class="ask""#);
    }
}

#[tokio::test]
async fn html_in_the_field_is_shown_as_text() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let answer = browser.post("/", "index=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.hides("<script>");
    answer.shows("&lt;script&gt;alert(1)&lt;/script&gt;");
    browser.get("/?index=%22%3E%3Cscript%3E").await.hides("<script>");
    browser.get("/n/%22%3E%3Cscript%3E").await.hides("<script>");
    browser.get("/%3Cscript%3E").await.hides("<script>");
}

#[tokio::test]
async fn a_body_that_is_no_form_is_answered_with_the_form() {
    let api = Arc::new(FakeApi::default());
    let browser = Browser::of(&api).await;
    let twice = browser.post("/", "index=1&index=2").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    twice.shows("Malformed request body");
    let large = browser.post("/", &format!("index={}", "1".repeat(20_000))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    large.shows("The request body is too large");
    let json = browser.with("content-type", "application/json").post("/", r#"{"index":1}"#).await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    json.shows(r#"<form class="ask""#);
}

#[tokio::test]
async fn what_the_api_refuses_is_shown_beside_the_field_with_its_status() {
    let mut refusal = problem(422, ProblemKind::TooLargeToFit);
    refusal.given = Some("900000000".to_owned());
    refusal.allowed = Some("1000000 bytes".to_owned());
    refusal.request_id = Some("<r1>".to_owned());
    let answer = Browser::of(&Arc::new(FakeApi::refusing(refusal, None))).await.post("/", "index=9e8").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.shows(r#"value="9e8""#);
    answer.shows("<dd>1000000 bytes</dd>");
    answer.shows("<code>&lt;r1&gt;</code>");

    let full = FakeApi::refusing(problem(503, ProblemKind::QueueFull), Some("17"));
    let answer = Browser::of(&Arc::new(full)).await.post("/", "index=7").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.heading("retry-after"), Some("17"));
    answer.shows("The queue is full");
    answer.shows("Try again in about 17 s.");

    let mut busy = problem(429, ProblemKind::TooManyRequests);
    busy.detail = Some("Enough is queued.".to_owned());
    let busy = FakeApi::refusing(busy, Some("601"));
    Browser::of(&Arc::new(busy)).await.post("/", "index=7").await.shows("Enough is queued. Try again in about 11 min.");
}

#[tokio::test]
async fn without_the_api_every_page_says_so_and_when_to_try_again() {
    let browser = Browser::without_api().await;
    for answer in [browser.post("/", "index=7").await, browser.get("/").await, browser.get("/n/7").await] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.heading("retry-after"), Some("5"));
        answer.shows("does not respond");
    }
    browser.post("/", "index=7").await.shows(r#"value="7""#);
    let about = browser.get("/about").await;
    assert_eq!(about.status, StatusCode::OK);
    about.shows("unavailable right now");
}

#[tokio::test(start_paused = true)]
async fn an_api_that_never_answers_is_out_of_reach_after_a_few_seconds() {
    let silent = Router::new().fallback(std::future::pending::<()>);
    let answer = Browser::of_router(silent).await.post("/", "index=7").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    answer.shows(r#"value="7""#);
}

#[tokio::test]
async fn answers_that_are_not_the_apis_are_a_fault_behind_the_page() {
    let foreign = Browser::of_router(Router::new().fallback(|| async { "<h1>It works!</h1>" })).await;
    let missing = Browser::of_router(Router::new()).await;
    for browser in [foreign, missing] {
        let answer = browser.get("/n/7").await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        answer.shows("does not understand");
        answer.hides("It works!");
    }
    let endless = Browser::of_router(Router::new().fallback(|| async { " ".repeat(5 << 20) })).await;
    assert_eq!(endless.get("/n/7").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn who_asked_and_the_trace_are_passed_on() {
    let api = Arc::new(FakeApi::default());
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let browser = Browser::of(&api).await.with("x-forwarded-for", "192.0.2.7").with("traceparent", trace);
    browser.post("/", "index=7").await;
    let asked = api.calls().pop().expect("a call");
    assert_eq!(asked.headers["x-forwarded-for"], "192.0.2.7, 192.0.2.9");
    // A span of its own in the browser's trace.
    let passed = asked.headers["traceparent"].to_str().expect("text");
    assert!(passed.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && passed != trace, "{passed}");

    Browser::of(&api).await.with("traceparent", "nonsense").post("/", "index=7").await;
    let call = api.calls().pop().expect("a call");
    let passed = call.headers["traceparent"].to_str().expect("text");
    assert!(passed.parse::<model::TraceContext>().is_ok() && !passed.contains("4bf92f35"), "{passed}");
}
