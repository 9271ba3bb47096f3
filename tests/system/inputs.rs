//! Bad inputs, among them all that broke the reference system (its defects D14 and D16).

use reqwest::StatusCode;
use serde_json::Value;

use crate::stack::Stack;
use crate::support::reference;

/// Returns bodies that must be refused, with the status and the problem type.
fn refused() -> Vec<(String, u16, &'static str)> {
    let mut table: Vec<(String, u16, &'static str)> = [
        (r#"{"index":" 7 "}"#, 422, "index-not-integer"),
        (r#"{"index":"007"}"#, 422, "index-not-integer"),
        (r#"{"index":"1.000"}"#, 422, "index-not-integer"),
        (r#"{"index":"1,000"}"#, 422, "index-not-integer"),
        (r#"{"index":"+7"}"#, 422, "index-not-integer"),
        (r#"{"index":"-0"}"#, 422, "index-not-integer"),
        (r#"{"index":-0}"#, 422, "index-not-integer"),
        (r#"{"index":"1.5"}"#, 422, "index-not-integer"),
        (r#"{"index":1.5}"#, 422, "index-not-integer"),
        (r#"{"index":1.0}"#, 422, "index-not-integer"),
        (r#"{"index":1e3}"#, 422, "index-not-integer"),
        (r#"{"index":1e9}"#, 422, "index-not-integer"),
        (r#"{"index":"1e9"}"#, 422, "index-not-integer"),
        (r#"{"index":"1e1"}"#, 422, "index-not-integer"),
        (r#"{"index":"abc"}"#, 422, "index-not-integer"),
        (r#"{"index":true}"#, 422, "index-not-integer"),
        (r#"{"index":"Infinity"}"#, 422, "index-not-integer"),
        (r#"{"index":{"a":1}}"#, 422, "index-not-integer"),
        (r#"{"index":[5,6]}"#, 422, "index-not-integer"),
        (r#"{"index":[7]}"#, 422, "index-not-integer"),
        (r#"{"index":"40abc"}"#, 422, "index-not-integer"),
        (r#"{"index":"0x28"}"#, 422, "index-not-integer"),
        (r#"{"index":"1); DROP TABLE values;--"}"#, 422, "index-not-integer"),
        (r#"{"index":"1<img src=x onerror=alert(1)>"}"#, 422, "index-not-integer"),
        (r#"{"index":"7\u0000"}"#, 422, "index-not-integer"),
        (r#"{"index":"٧"}"#, 422, "index-not-integer"),
        (r#"{"index":"７"}"#, 422, "index-not-integer"),
        (r#"{"index":""}"#, 422, "index-missing"),
        (r#"{"index":null}"#, 422, "index-not-integer"),
        (r#"{}"#, 422, "index-missing"),
        (r#"{"Index":7}"#, 422, "index-missing"),
        (r#"{"index":"-99999999999"}"#, 422, "index-out-of-range"),
        (r#"{"index":1000000001}"#, 422, "index-out-of-range"),
        (r#"{"index":9223372036854775807}"#, 422, "index-out-of-range"),
        (r#"{"index":9223372036854775808}"#, 422, "index-out-of-range"),
        (r#"{"index":99999999999999999999999999}"#, 422, "index-out-of-range"),
        (r#"{"index":7,"index":8}"#, 400, "body-malformed"),
        (r#"{"index":7"#, 400, "body-malformed"),
        (r#"{"index":7}}"#, 400, "body-malformed"),
        (r#"{"index":07}"#, 400, "body-malformed"),
        (r#"{"index":NaN}"#, 400, "body-malformed"),
        (r#"{"index":'7'}"#, 400, "body-malformed"),
        ("", 400, "body-malformed"),
        ("null", 400, "body-malformed"),
        ("[]", 400, "body-malformed"),
        ("7", 400, "body-malformed"),
        ("\u{0}", 400, "body-malformed"),
    ]
    .map(|(body, status, kind)| (body.to_owned(), status, kind))
    .into();
    table.push((format!("{}7{}", "[".repeat(8_000), "]".repeat(8_000)), 400, "body-malformed"));
    table.push((format!(r#"{{"index":"1{}"}}"#, "a".repeat(90_000)), 413, "body-too-large"));
    table.push((format!(r#"{{"index":"1{}"}}"#, "a".repeat(2_000_000)), 413, "body-too-large"));
    table
}

#[tokio::test]
async fn every_bad_input_is_refused_with_its_problem_type_and_stores_nothing() {
    let stack = Stack::own(&[]).await;
    for (body, status, kind) in refused() {
        let shown: String = body.chars().take(50).collect();
        let response = stack.post(body).await;
        assert_eq!(response.status().as_u16(), status, "{shown}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{shown}");
        let text = response.text().await.expect("text");
        let problem: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(problem["type"], format!("urn:abaci:problem:{kind}"), "{shown}");
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].is_string(), "{shown}");
        assert!(text.len() < 2_000, "the given text is shortened: {shown}");
        assert!(!text.contains(".rs") && !text.contains("crates/"), "nothing internal is sent: {text}");
    }
    assert_eq!(stack.stored_count().await, 0);
    assert_eq!(stack.value_of(7).await, "13", "the system still works");
}

#[tokio::test]
async fn a_refused_index_returns_what_was_given_and_allowed_and_a_suggestion() {
    let stack = Stack::any().await;
    let problem: Value = stack.post(r#"{"index":" 7 "}"#).await.json().await.expect("JSON");
    assert_eq!((&problem["field"], &problem["given"]), (&"index".into(), &" 7 ".into()));
    assert!(problem["allowed"].is_string());
    assert!(problem["detail"].as_str().expect("text").contains("Did you mean 7?"), "{problem}");
}

#[tokio::test]
async fn other_media_types_and_broken_text_are_refused() {
    let stack = Stack::own(&[]).await;
    let url = format!("{}/api/calculations", stack.url);
    let post = |kind: &'static str, body: &'static [u8]| {
        let request = stack.http.post(&url).header("content-type", kind).body(body);
        async { request.send().await.expect("a response").status() }
    };
    assert_eq!(post("text/plain", b"7").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(post("application/xml", b"<index>7</index>").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(post("application/json", b"{\"index\":\"\xff\"}").await, StatusCode::BAD_REQUEST);
    assert_eq!(post("application/x-www-form-urlencoded", b"index=7&index=8").await, StatusCode::BAD_REQUEST);
    assert_eq!(post("application/x-www-form-urlencoded", b"").await, StatusCode::UNPROCESSABLE_ENTITY);
    let untyped = stack.http.post(&url).body("{\"index\":7}").send().await.expect("a response");
    assert_eq!(untyped.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(stack.stored_count().await, 0);
}

#[tokio::test]
async fn a_cross_site_submission_is_refused() {
    let stack = Stack::own(&[]).await;
    let url = format!("{}/api/calculations", stack.url);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
        let request = stack.http.post(&url).header("content-type", "application/json").header(name, value);
        let response = request.body(r#"{"index":7}"#).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(stack.stored_count().await, 0);
}

#[tokio::test]
async fn digits_are_exact_where_floating_point_rounds() {
    let stack = Stack::any().await;
    for n in [77, 78, 79, 80, 1_474, 1_475, 1_476, 1_477] {
        assert_eq!(stack.value_of(n).await, reference::fibonacci(n));
    }
}

#[tokio::test]
async fn bad_paths_and_queries_are_problems() {
    let stack = Stack::any().await;
    for (path, status) in [
        ("/api/calculations/007", 422),
        ("/api/calculations/abc", 422),
        ("/api/calculations/9223372036854775808", 422),
        ("/api/calculations?limit=0", 422),
        ("/api/calculations?limit=201", 422),
        ("/api/calculations?limit=x", 422),
        ("/api/calculations?after=nonsense", 422),
        ("/api/nothing", 404),
        ("/api", 404),
        ("/apifoo", 404),
    ] {
        let response = stack.get(path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let text = response.text().await.expect("text");
        assert!(!text.contains("crates/"), "{path}: {text}");
    }
}
