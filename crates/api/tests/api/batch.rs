//! Batches of indexes: stored all or none, answered line by line.

use std::sync::Arc;
use std::time::Duration;

use api::ApiConfig;
use axum::body::Body;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use store::Store;

use crate::support::{Setup, TestResponse, TestSystem, json, subject};

const PATH: &str = "/api/calculations/batch";
const ACCEPTED: StatusCode = StatusCode::ACCEPTED;
const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

fn lines_of(body: impl Into<Body>) -> Request<Body> {
    Request::post(PATH).header("content-type", "application/x-ndjson").body(body.into()).expect("a request")
}

fn waiting(mut request: Request<Body>, seconds: &'static str) -> Request<Body> {
    request.headers_mut().insert("prefer", HeaderValue::from_static(seconds));
    request
}

#[track_caller]
fn lines(answer: &TestResponse) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert!(answer.text.ends_with('\n'), "{}", answer.text);
    answer.text.lines().map(|line| serde_json::from_str(line).expect("one JSON per line")).collect()
}

#[track_caller]
fn members(answer: &TestResponse, member: &str) -> Vec<String> {
    lines(answer).iter().map(|line| line[member].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn lists_ranges_and_lines_are_accepted_and_answered_in_order() {
    let system = TestSystem::start().await;
    let answer = system.send(json(PATH, r#"{"indexes": ["10", -8, "10"]}"#)).await.expect(ACCEPTED);
    assert_eq!(members(&answer, "index"), ["10", "-8", "10"]);
    assert_eq!(members(&answer, "status"), ["queued"; 3]);
    let listed = system.get("/api/calculations?index=10").await.json();
    assert_eq!(lines(&answer)[0], listed["items"][0], "as in the list");
    let answer = system.send(json(PATH, r#"{"from": "8", "to": 14, "step": 2}"#)).await.expect(ACCEPTED);
    assert_eq!(members(&answer, "index"), ["8", "10", "12", "14"]);
    let answer = system.send(lines_of("20\n\"21\"\n{\"index\": \"22\"}\n")).await.expect(ACCEPTED);
    assert_eq!(members(&answer, "index"), ["20", "21", "22"]);
    assert_eq!((system.rows().await, system.jobs().await), (8, 8));
    while system.work_one().await {}
    let answer = system.send(lines_of("10\n-8\n8\n")).await.expect(StatusCode::OK);
    assert_eq!(members(&answer, "value"), ["55", "-21", "21"]);
}

#[tokio::test]
async fn every_request_of_a_batch_is_counted() {
    let system = TestSystem::start().await;
    system.send(lines_of("10\n10\n10\n11")).await.expect(ACCEPTED);
    system.send(lines_of("10")).await.expect(ACCEPTED);
    system.shutdown.cancel();
    system.state.ended().await;
    for (n, asked) in [(10, 4), (11, 1)] {
        let found = system.store.find(&subject(n)).await.expect("the store answers").expect("a row");
        assert_eq!(found.request_count, asked, "F({n})");
    }
}

#[tokio::test]
async fn wrong_input_is_answered_with_its_place_and_nothing_is_stored() {
    let system = TestSystem::start().await;
    let long = format!("{}", 10_u64.pow(18));
    for (request, kind, field, given, allowed) in [
        (json(PATH, r#"{"indexes":["1","1e3"]}"#), "index-not-integer", "indexes[1]", "1e3", "whole number"),
        (json(PATH, r#"{"indexes":[1,2.5]}"#), "index-not-integer", "indexes[1]", "2.5", "whole number"),
        (json(PATH, format!(r#"{{"indexes":[{long}]}}"#)), "index-out-of-range", "indexes[0]", &long, "-1000000000"),
        (json(PATH, r#"{"indexes":"1"}"#), "parameter", "indexes", "1", "a list"),
        (json(PATH, r#"{"from":"a","to":"2"}"#), "index-not-integer", "from", "a", "whole number"),
        (json(PATH, r#"{"from":"3","to":"2"}"#), "parameter", "to", "2", "at least `from`"),
        (json(PATH, r#"{"from":"1","to":"2","step":"0"}"#), "parameter", "step", "0", "other than 0"),
        (json(PATH, r#"{"from":"0","to":"10000"}"#), "batch-too-large", "indexes", "10001 indexes", "10000"),
        (lines_of("1\n2\nthree\n"), "index-not-integer", "line 3", "three", "whole number"),
        (lines_of(format!("1\n{long}")), "index-out-of-range", "line 2", &long, "-1000000000"),
        (lines_of("1\n".repeat(10_001)), "batch-too-large", "indexes", "10001 indexes", "10000"),
    ] {
        let problem = system.send(request).await.expect_problem(UNPROCESSABLE, kind).json();
        assert_eq!(problem["field"], field);
        assert_eq!(problem["given"], given);
        assert!(problem["allowed"].as_str().is_some_and(|text| text.contains(allowed)), "{problem}");
    }
    for (request, field) in [
        (json(PATH, "{}"), "indexes"),
        (json(PATH, r#"{"indexes":[]}"#), "indexes"),
        (json(PATH, r#"{"from":"1"}"#), "to"),
        (json(PATH, r#"{"to":"1"}"#), "from"),
        (lines_of(""), "index"),
        (lines_of("1\n\n2"), "line 2"),
    ] {
        let problem = system.send(request).await.expect_problem(UNPROCESSABLE, "index-missing").json();
        assert_eq!(problem["field"], field);
    }
    for request in [
        json(PATH, r#"{"indexes":["1"],"to":"2"}"#),
        json(PATH, "[1]"),
        lines_of("1\n{\"index\":1,\"index\":2}"),
        lines_of(&b"1\n\xff"[..]),
    ] {
        system.send(request).await.expect_problem(StatusCode::BAD_REQUEST, "body-malformed");
    }
    let wrong = Request::post(PATH).header("content-type", "text/plain").body(Body::from("1")).expect("a request");
    system.send(wrong).await.expect_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type");
    let large = lines_of("1\n".repeat(200_000));
    system.send(large).await.expect_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    assert_eq!((system.rows().await, system.jobs().await), (0, 0));
}

#[tokio::test]
async fn a_batch_without_room_for_all_stores_nothing() {
    let system = TestSystem::with(Setup { max_queued: 10, ..Setup::default() }).await;
    system.send(json(PATH, r#"{"from":1,"to":6}"#)).await.expect(ACCEPTED);
    let refused = system.send(json(PATH, r#"{"from":5,"to":11}"#)).await;
    refused.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "queue-full").header("retry-after");
    assert_eq!((system.rows().await, system.jobs().await), (6, 6));
    system.send(json(PATH, r#"{"from":3,"to":10}"#)).await.expect(ACCEPTED);
    assert_eq!((system.rows().await, system.jobs().await), (10, 10));
}

#[tokio::test]
async fn the_limit_of_queued_work_applies_to_the_sum() {
    let config = ApiConfig { queued_work_per_address: Some(Duration::from_secs(20)), ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    let many = json(PATH, r#"{"from":99999000,"to":99999999}"#);
    let problem = system.send(many).await.expect_problem(UNPROCESSABLE, "batch-too-large").json();
    assert_eq!(problem["allowed"], "up to 20 s of work");
    let some = |first: u64| json(PATH, format!(r#"{{"from":{first},"to":{}}}"#, first + 19));
    let answer = system.send(some(99_000_000)).await.expect(ACCEPTED);
    assert!(answer.header("ratelimit").starts_with("\"queued-work\";r="), "{:?}", answer.headers);
    let mut refused = 0;
    for n in 1..20 {
        let answer = system.send(some(99_000_000 + n * 20)).await;
        if answer.status != ACCEPTED {
            answer.expect_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests").header("retry-after");
            refused += 1;
        }
    }
    assert!(refused > 0, "400 such calculations take more than 20 seconds");
}

#[tokio::test]
async fn long_work_has_tokens_that_withdraw_it() {
    let system = TestSystem::start().await;
    let answer = system.send(lines_of("900000000\n5")).await.expect(ACCEPTED);
    let tokens: Vec<_> = lines(&answer).iter().map(|line| line["ask"].as_str().map(str::to_owned)).collect();
    assert_eq!(tokens[1], None);
    let request = Request::delete("/api/calculations/900000000").header("abaci-ask", tokens[0].as_ref().expect("long"));
    let withdrawn = system.send(request.body(Body::empty()).expect("a request")).await.expect(StatusCode::OK);
    assert_eq!(withdrawn.json()["status"], "cancelled");
}

#[tokio::test]
async fn a_batch_that_prefers_to_wait_gets_every_value() {
    let system = Arc::new(TestSystem::start().await);
    system.start_worker();
    // More than one read of events holds.
    let request = waiting(json(PATH, r#"{"from":1,"to":400}"#), "wait=30");
    let answer = system.send(request).await.expect(ACCEPTED);
    assert_eq!(answer.header("preference-applied"), "wait=30");
    let all = lines(&answer);
    assert_eq!(all.len(), 400);
    for (n, line) in (1_i64..).zip(&all) {
        assert_eq!(line["index"], n.to_string());
        assert_eq!(line["status"], "done");
        assert!(line["sha256"].is_string(), "{line}");
    }
    assert_eq!(all[99]["value"], "354224848179261915075");
}

#[tokio::test]
async fn a_line_is_sent_as_soon_as_its_value_is_known() {
    let system = TestSystem::start().await;
    let response = system.answer(waiting(lines_of("10\n11\n12"), "wait=30")).await;
    assert_eq!(response.status(), ACCEPTED);
    let mut body = response.into_body();
    for value in ["55", "89", "144"] {
        assert!(system.work_one().await);
        let frame = body.frame().await.expect("a line").expect("it can be read").into_data().expect("data");
        let line: Value = serde_json::from_slice(&frame).expect("one line");
        assert_eq!(line["value"], value);
    }
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_wait_for_a_batch_ends_with_what_is_known_by_then() {
    let system = TestSystem::start().await;
    tokio::time::pause();
    let answer = system.send(waiting(lines_of("100\n101"), "wait=3")).await.expect(ACCEPTED);
    assert_eq!(members(&answer, "status"), ["queued", "queued"]);
}

#[tokio::test]
async fn a_batch_waits_on_although_events_are_lost() {
    let system = Arc::new(TestSystem::with(Setup { events_kept: 4, ..Setup::default() }).await);
    system.start_worker();
    let request = waiting(json(PATH, r#"{"from":1,"to":200}"#), "wait=30");
    let answer = system.send(request).await.expect(ACCEPTED);
    assert_eq!(members(&answer, "status"), vec!["done"; 200]);
}
