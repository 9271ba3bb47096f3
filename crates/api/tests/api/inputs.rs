//! Malformed input: every kind is refused with its problem, and nothing is stored.

use http::{Request, StatusCode};

use crate::support::{TestSystem, form, json};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[tokio::test]
async fn every_invalid_index_is_refused_and_nothing_is_stored() {
    let system = TestSystem::start().await;
    let long = format!("\"1{}\"", "a".repeat(9_000));
    let cases = [
        (r#"" 7 ""#, "index-not-integer"),
        (r#""007""#, "index-not-integer"),
        (r#""+7""#, "index-not-integer"),
        (r#""-0""#, "index-not-integer"),
        ("-0", "index-not-integer"),
        ("1.5", "index-not-integer"),
        (r#""1.5""#, "index-not-integer"),
        ("1.0", "index-not-integer"),
        ("1e3", "index-not-integer"),
        ("1E+3", "index-not-integer"),
        (r#""1e9""#, "index-not-integer"),
        (r#""1e1""#, "index-not-integer"),
        (r#""abc""#, "index-not-integer"),
        ("true", "index-not-integer"),
        (r#""true""#, "index-not-integer"),
        (r#""Infinity""#, "index-not-integer"),
        (r#""NaN""#, "index-not-integer"),
        (r#"{"a":1}"#, "index-not-integer"),
        ("null", "index-not-integer"),
        (r#""null""#, "index-not-integer"),
        ("[5,6]", "index-not-integer"),
        ("[7]", "index-not-integer"),
        ("[]", "index-not-integer"),
        (r#""40abc""#, "index-not-integer"),
        (r#""0x28""#, "index-not-integer"),
        (r#""7\u0000""#, "index-not-integer"),
        (r#""\u0667""#, "index-not-integer"),
        ("\"７\"", "index-not-integer"),
        ("\"−7\"", "index-not-integer"),
        (r#""--7""#, "index-not-integer"),
        (r#""1); DROP TABLE values;--""#, "index-not-integer"),
        (r#""1<img src=x onerror=alert(1)>""#, "index-not-integer"),
        (&long, "index-not-integer"),
        (r#""""#, "index-missing"),
        ("1000000001", "index-out-of-range"),
        (r#""-99999999999""#, "index-out-of-range"),
        ("9223372036854775807", "index-out-of-range"),
        ("9223372036854775808", "index-out-of-range"),
        ("-9223372036854775808", "index-out-of-range"),
        ("100000000000000000000000000000000000000000000000000", "index-out-of-range"),
    ];
    for (index, kind) in cases {
        let answer = system.post_json(format!(r#"{{"index":{index}}}"#)).await;
        let answer = answer.expect_problem(UNPROCESSABLE, kind);
        assert_eq!(answer.json()["field"], "index", "{index}");
        assert!(answer.text.len() < 1_000, "{index}");
    }
    assert_eq!(system.rows().await, 0);
    assert_eq!(system.jobs().await, 0);
}

#[tokio::test]
async fn every_malformed_body_is_refused_and_nothing_is_stored() {
    let system = TestSystem::start().await;
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"not json",
        b"7",
        b"\"7\"",
        b"[7]",
        b"null",
        b"{\"index\":7,\"index\":8}",
        b"{\"index\":7}{\"index\":8}",
        b"{\"index\":\"\xff\"}",
        b"{\"index\":07}",
        b"{\"index\":\"7\x00\"}",
    ];
    for body in bodies {
        let answer = system.post_json(body.to_vec()).await;
        answer.expect_problem(StatusCode::BAD_REQUEST, "body-malformed");
    }
    let deep = format!(r#"{{"index":{}7{}}}"#, "[".repeat(7_000), "]".repeat(7_000));
    system.post_json(deep).await.expect_problem(UNPROCESSABLE, "index-not-integer");
    for body in ["index=7&index=8", "index=%ff", "index=%"] {
        let answer = system.send(form("/api/calculations", body)).await;
        answer.expect_problem(StatusCode::BAD_REQUEST, "body-malformed");
    }
    assert_eq!(system.rows().await, 0);
}

#[tokio::test]
async fn a_body_without_an_index_is_answered_with_the_missing_field() {
    let system = TestSystem::start().await;
    system.post_json("{}").await.expect_problem(UNPROCESSABLE, "index-missing");
    system.post_json(r#"{"Index":7}"#).await.expect_problem(UNPROCESSABLE, "index-missing");
    system.send(form("/api/calculations", "")).await.expect_problem(UNPROCESSABLE, "index-missing");
    system.send(form("/api/calculations", "index=")).await.expect_problem(UNPROCESSABLE, "index-missing");
    assert_eq!(system.rows().await, 0);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_and_without_a_length() {
    let system = TestSystem::start().await;
    let body = |length: usize| format!(r#"{{"index":"1{}"}}"#, "a".repeat(length));
    for length in [16 * 1024, 90_000, 2_000_000] {
        let answer = system.post_json(body(length)).await;
        answer.expect_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
        let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(body(length))]);
        let answer = system.post_json(axum::body::Body::from_stream(pieces)).await;
        answer.expect_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    }
    assert_eq!(system.rows().await, 0);
}

#[tokio::test]
async fn only_json_and_forms_are_read() {
    let system = TestSystem::start().await;
    for kind in ["text/plain", "text/json", "multipart/form-data", "application/json; charset=latin1", "json", ""] {
        let request = Request::post("/api/calculations").header("content-type", kind).body(r#"{"index":7}"#.into());
        let answer = system.send(request.expect("a request")).await;
        answer.expect_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type");
    }
    let request = Request::post("/api/calculations").body(r#"{"index":7}"#.into()).expect("a request");
    system.send(request).await.expect_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type");
    assert_eq!(system.rows().await, 0);

    let request = Request::post("/api/calculations").header("content-type", "Application/JSON; charset=\"UTF-8\"");
    system.send(request.body(r#"{"index":7}"#.into()).expect("a request")).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_index_that_was_probably_meant_is_suggested() {
    let system = TestSystem::start().await;
    for index in [r#"" 7 ""#, r#""007""#, r#""+7""#, "7.0"] {
        let problem = system.post_json(format!(r#"{{"index":{index}}}"#)).await.json();
        assert_eq!(problem["detail"], "Did you mean 7?", "{index}");
    }
    let request = json("/api/calculations", r#"{"index":" 7 "}"#);
    let (mut head, body) = request.into_parts();
    head.headers.insert("x-request-id", http::HeaderValue::from_static("seven"));
    let answer = system.send(Request::from_parts(head, body)).await;
    insta::assert_snapshot!(answer.text, @r#"{"type":"urn:abaci:problem:index-not-integer","title":"The index is not a whole number","status":422,"detail":"Did you mean 7?","field":"index","given":" 7 ","allowed":"a whole number in plain digits, -1000000000 to 1000000000","help":"/api/problems/index-not-integer","request_id":"seven"}"#);
}

#[tokio::test]
async fn the_limits_themselves_are_accepted() {
    let config = api::ApiConfig { max_index: 1_000, ..api::ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    for n in [1_000, -1_000, 0] {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
    }
    for n in [1_001, -1_001] {
        system.submit(n).await.expect_problem(UNPROCESSABLE, "index-out-of-range");
    }
    assert_eq!(system.rows().await, 3);
}

#[tokio::test]
async fn a_value_that_no_worker_or_disk_can_hold_is_refused() {
    let config = api::ApiConfig { worker_memory_bytes: Some(64 << 20), ..api::ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    system.submit(1_000).await.expect(StatusCode::ACCEPTED);
    let refused = system.submit(1_000_000_000).await.expect_problem(UNPROCESSABLE, "too-large-to-fit").json();
    let allowed = refused["allowed"].as_str().expect("a range").rsplit(' ').next().expect("an index");
    let largest: i64 = allowed.parse().expect("an index");
    system.submit(largest).await.expect(StatusCode::ACCEPTED);
    system.submit(largest + 1).await.expect_problem(UNPROCESSABLE, "too-large-to-fit");

    let config = api::ApiConfig { value_bytes: Some(1_000), ..api::ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    system.submit(4_000).await.expect(StatusCode::ACCEPTED);
    system.submit(5_000).await.expect_problem(UNPROCESSABLE, "too-large-to-fit");
    assert_eq!(system.rows().await, 1);
}

#[tokio::test]
async fn pages_of_other_sites_can_read_and_not_submit() {
    let system = TestSystem::start().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let mut request = json("/api/calculations", r#"{"index":7}"#);
        request.headers_mut().insert("host", http::HeaderValue::from_static("abaci.example"));
        request.headers_mut().insert(name, http::HeaderValue::from_static(value));
        system.send(request).await.expect_problem(StatusCode::FORBIDDEN, "cross-site");
    }
    assert_eq!(system.rows().await, 0);
    let request = Request::get("/api/calculations").header("origin", "https://elsewhere.example");
    let answer = system.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!(answer.expect(StatusCode::OK).header("access-control-allow-origin"), "*");
    let answer = system.submit(7).await.expect(StatusCode::ACCEPTED);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}
