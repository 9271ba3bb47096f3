//! Withdrawing an ask with the cookie that came with it.

use std::sync::Arc;

use axum::http::StatusCode;
use wire::ProblemKind;

use crate::browser::Browser;
use crate::fake_api::{FakeApi, TOKEN, done, problem, running};

#[tokio::test]
async fn dear_work_can_be_withdrawn_by_the_browser_that_asked() {
    let api = Arc::new(FakeApi::knowing([running("1000000000")]).giving_tokens());
    let asked = Browser::of(&api).await.post("/", "index=1e9").await;
    assert_eq!(
        asked.heading("set-cookie"),
        Some(format!("ask={TOKEN}; Path=/n/1000000000; Max-Age=86400; HttpOnly; SameSite=Strict").as_str())
    );

    let asker = Browser::of(&api).await.with("cookie", format!("other=1; ask={TOKEN}"));
    asker.get("/n/1000000000").await.shows(r#"action="/n/1000000000/withdraw""#);
    let answer = asker.post("/n/1000000000/withdraw", "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.heading("location"), Some("/n/1000000000"));
    assert_eq!(answer.heading("set-cookie"), Some("ask=; Path=/n/1000000000; Max-Age=0; HttpOnly; SameSite=Strict"));
    let call = api.calls().pop().expect("a call");
    assert_eq!(call.what, "DELETE /api/calculations/1000000000");
    assert_eq!(call.headers["abaci-ask"], TOKEN);
}

#[tokio::test]
async fn work_that_may_have_been_stored_can_be_withdrawn_by_the_browser_that_asked() {
    let api = Arc::new(FakeApi::refusing(problem(503, ProblemKind::Unavailable), Some("5")).giving_tokens());
    let answer = Browser::of(&api).await.post("/", "index=1e9").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.heading("retry-after"), Some("5"));
    assert_eq!(
        answer.heading("set-cookie"),
        Some(format!("ask={TOKEN}; Path=/n/1000000000; Max-Age=86400; HttpOnly; SameSite=Strict").as_str())
    );
}

#[tokio::test]
async fn nobody_else_can_withdraw() {
    let api = Arc::new(FakeApi::knowing([running("1000")]).giving_tokens());
    let stranger = Browser::of(&api).await;
    let answer = stranger.post("/n/1000/withdraw", "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(api.calls().is_empty(), "the API was not bothered");

    let guessing = stranger.with("cookie", format!("ask={}", "0".repeat(32)));
    assert_eq!(guessing.post("/n/1000/withdraw", "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn withdrawing_what_is_finished_leads_back_to_its_page() {
    let api = Arc::new(FakeApi::knowing([done("7", "13")]).giving_tokens());
    let asker = Browser::of(&api).await.with("cookie", format!("ask={TOKEN}"));
    asker.get("/n/7").await.hides("withdraw");
    assert_eq!(asker.post("/n/7/withdraw", "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn cheap_work_leaves_no_token() {
    let answer = Browser::of(&Arc::new(FakeApi::default())).await.post("/", "index=7").await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["mine=7; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"]);
}

#[tokio::test]
async fn over_tls_the_cookie_is_secure_by_its_name() {
    let api = Arc::new(FakeApi::knowing([running("1000000000")]).giving_tokens());
    let asked = Browser::of_secure_site(&api).await.post("/", "index=1e9").await;
    let attributes = "Path=/n/1000000000; Max-Age=86400; HttpOnly; SameSite=Strict; Secure";
    assert_eq!(asked.heading("set-cookie"), Some(format!("__Secure-ask={TOKEN}; {attributes}").as_str()));
    // A page without TLS can set this one.
    let fixed = Browser::of_secure_site(&api).await.with("cookie", format!("ask={TOKEN}"));
    assert_eq!(fixed.post("/n/1000000000/withdraw", "").await.status, StatusCode::FORBIDDEN);
    let asker = Browser::of_secure_site(&api).await.with("cookie", format!("__Secure-ask={TOKEN}"));
    assert_eq!(asker.post("/n/1000000000/withdraw", "").await.status, StatusCode::SEE_OTHER);
}
