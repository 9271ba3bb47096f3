//! Withdrawing submissions.

use axum::body::Body;
use http::{Request, StatusCode};

use crate::support::{TestResponse, TestSystem};

const LONG: i64 = 900_000_000;

async fn withdraw(system: &TestSystem, n: i64, token: Option<&str>) -> TestResponse {
    let mut request = Request::delete(format!("/api/calculations/{n}"));
    if let Some(token) = token {
        request = request.header("abaci-ask", token);
    }
    system.send(request.body(Body::empty()).expect("a request")).await
}

async fn ask(system: &TestSystem) -> String {
    system.submit(LONG).await.expect(StatusCode::ACCEPTED).header("abaci-ask").to_owned()
}

#[tokio::test]
async fn work_continues_until_the_last_submission_is_withdrawn() {
    let system = TestSystem::start().await;
    let (one, other) = (ask(&system).await, ask(&system).await);
    let answer = withdraw(&system, LONG, Some(&one)).await.expect(StatusCode::OK);
    assert_eq!(answer.json()["status"], "queued");
    withdraw(&system, LONG, Some(&one)).await.expect_problem(StatusCode::FORBIDDEN, "forbidden");
    let answer = withdraw(&system, LONG, Some(&other)).await.expect(StatusCode::OK);
    assert_eq!(answer.json()["status"], "cancelled");
    withdraw(&system, LONG, Some(&other)).await.expect_problem(StatusCode::CONFLICT, "conflict");
}

#[tokio::test]
async fn what_is_cancelled_no_longer_waits() {
    let system = TestSystem::start().await;
    let token = ask(&system).await;
    withdraw(&system, LONG, Some(&token)).await.expect(StatusCode::OK);
    assert_eq!(system.jobs().await, 1, "no worker has dropped it from the queue");
    let lane = &system.get("/api/system").await.expect(StatusCode::OK).json()["lanes"][2];
    assert_eq!((&lane["waiting"], &lane["oldest_age_ms"]), (&0.into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn a_token_in_a_form_or_in_json_works() {
    let system = TestSystem::start().await;
    for (kind, body) in [
        ("application/x-www-form-urlencoded", format!("ask={}", ask(&system).await)),
        ("application/json", format!(r#"{{"ask":"{}"}}"#, ask(&system).await)),
    ] {
        let request = Request::delete(format!("/api/calculations/{LONG}")).header("content-type", kind);
        system.send(request.body(body.into()).expect("a request")).await.expect(StatusCode::OK);
    }
    assert_eq!(system.get(&format!("/api/calculations/{LONG}")).await.json()["status"], "cancelled");
}

#[tokio::test]
async fn without_the_right_token_nothing_is_withdrawn() {
    let system = TestSystem::start().await;
    ask(&system).await;
    for token in [None, Some(""), Some("x"), Some("00000000000000000000000000000000")] {
        withdraw(&system, LONG, token).await.expect_problem(StatusCode::FORBIDDEN, "forbidden");
    }
    assert_eq!(system.get(&format!("/api/calculations/{LONG}")).await.json()["status"], "queued");
}

#[tokio::test]
async fn short_finished_and_unknown_work_cannot_be_withdrawn() {
    let system = TestSystem::start().await;
    let token = Some("00000000000000000000000000000000");
    for token in [None, token] {
        withdraw(&system, 7, token).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
    }
    system.submit(7).await.expect(StatusCode::ACCEPTED);
    for token in [None, token] {
        withdraw(&system, 7, token).await.expect_problem(StatusCode::CONFLICT, "conflict");
    }
    assert!(system.work_one().await);
    for token in [None, token] {
        let problem = withdraw(&system, 7, token).await.expect_problem(StatusCode::CONFLICT, "conflict");
        assert_eq!(problem.json()["calculation_status"], "done");
    }
}
