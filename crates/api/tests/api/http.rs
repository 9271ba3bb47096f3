//! The requirements of RFC 9110 and RFC 9111 on methods, conditions, ranges and content negotiation.
//!
//! Not supported on purpose: several ranges in one response, dates as conditions (values have no modification
//! date), content codings other than gzip, and trailers. docs/security.md has the whole list.

use axum::body::Body;
use http::{Method, Request, StatusCode};

use crate::support::{TestResponse, TestSystem, json};

async fn send(system: &TestSystem, method: Method, path: &str, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    system.send(request.body(Body::empty()).expect("a request")).await
}

/// Method, headers, status and length of the content.
type Case<'a> = (&'a Method, &'a [(&'a str, &'a str)], u16, usize);

#[tokio::test]
async fn conditions_and_ranges_follow_the_standard() {
    let system = TestSystem::start().await;
    system.compute(1_000).await;
    let path = "/api/calculations/1000/value";
    let etag = system.get(path).await.header("etag").to_owned();
    let weak = format!("W/{etag}");
    let (get, head) = (Method::GET, Method::HEAD);
    let cases: &[Case] = &[
        (&get, &[("range", "bytes=0-9")], 206, 10),
        (&head, &[("range", "bytes=0-9")], 200, 0),
        (&head, &[("range", "bytes=999-")], 200, 0),
        (&get, &[("range", "bytes=999-")], 416, usize::MAX),
        (&get, &[("range", "bytes=0-1,3-4")], 200, 209),
        (&get, &[("range", "lines=0-1")], 200, 209),
        (&get, &[("if-match", &etag)], 200, 209),
        (&get, &[("if-match", &weak)], 412, usize::MAX),
        (&get, &[("if-match", "\"other\"")], 412, usize::MAX),
        (&get, &[("if-match", "\"other\""), ("if-none-match", &etag)], 412, usize::MAX),
        (&get, &[("if-none-match", &etag)], 304, 0),
        (&head, &[("if-none-match", &weak)], 304, 0),
        (&get, &[("if-none-match", &etag), ("range", "bytes=0-9")], 304, 0),
        (&get, &[("if-none-match", "\"other\""), ("range", "bytes=0-9")], 206, 10),
        (&get, &[("range", "bytes=0-9"), ("if-range", &etag)], 206, 10),
        (&get, &[("range", "bytes=0-9"), ("if-range", &weak)], 200, 209),
        (&get, &[("range", "bytes=0-9"), ("if-range", "Thu, 01 Jan 2026 00:00:00 GMT")], 200, 209),
        (&get, &[("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT")], 200, 209),
        (&get, &[("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")], 200, 209),
    ];
    for (method, headers, status, length) in cases {
        let response = send(&system, (*method).clone(), path, headers).await;
        assert_eq!(response.status.as_u16(), *status, "{method} {headers:?}");
        if *length != usize::MAX {
            assert_eq!(response.text.len(), *length, "{method} {headers:?}");
            assert_eq!(response.header("etag"), etag, "a 304 has the headers of the 200");
            assert!(response.headers.contains_key("cache-control"));
        }
        if *status == 200 {
            assert_eq!(response.header("content-length"), "209", "{method} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_request_whose_encoding_cannot_be_satisfied_has_no_effect() {
    let system = TestSystem::start().await;
    for encoding in ["identity;q=0", "*;q=0", "br, *;q=0"] {
        let mut request = json("/api/calculations", r#"{"index":7}"#);
        request.headers_mut().insert("accept-encoding", encoding.parse().expect("a value"));
        system.send(request).await.expect_problem(StatusCode::NOT_ACCEPTABLE, "not-acceptable");
    }
    assert_eq!(system.rows().await, 0);
    let mut request = json("/api/calculations", r#"{"index":7}"#);
    request.headers_mut().insert("accept-encoding", "br".parse().expect("a value"));
    system.send(request).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn options_names_the_methods_and_a_preflight_allows_reading_only() {
    let system = TestSystem::start().await;
    let response = send(&system, Method::OPTIONS, "/api/calculations", &[]).await.expect(StatusCode::NO_CONTENT);
    for method in ["GET", "HEAD", "POST"] {
        assert!(response.header("allow").contains(method));
    }
    assert!(!response.headers.contains_key("access-control-allow-methods"));
    let preflight = [("origin", "https://elsewhere.example"), ("access-control-request-method", "POST")];
    let response = send(&system, Method::OPTIONS, "/api/calculations", &preflight).await;
    let response = response.expect(StatusCode::NO_CONTENT);
    assert_eq!(response.header("access-control-allow-methods"), "GET, HEAD");
    assert!(response.header("access-control-allow-headers").contains("range"));
    send(&system, Method::OPTIONS, "/api/nothing", &[]).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
}

#[tokio::test]
async fn a_change_whose_condition_fails_has_no_effect() {
    let system = TestSystem::start().await;
    let submit = async |name: &'static str, value: &'static str, body: &'static str| {
        let mut request = json("/api/calculations", body);
        request.headers_mut().insert(name, value.parse().expect("a value"));
        system.send(request).await
    };
    let (valid, long) = (r#"{"index":7}"#, r#"{"index":900000001}"#);
    for (name, value) in [("if-match", "\"a\""), ("if-match", "\"a\", W/\"b\""), ("if-none-match", "*")] {
        submit(name, value, valid).await.expect_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
        submit(name, value, "{}").await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "index-missing");
    }
    assert_eq!(system.rows().await, 0);
    submit("if-match", "*", valid).await.expect(StatusCode::ACCEPTED);
    submit("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT", r#"{"index":8}"#).await.expect(StatusCode::ACCEPTED);
    let accepted = submit("if-none-match", "\"a\"", long).await.expect(StatusCode::ACCEPTED);
    let token = accepted.header("abaci-ask").to_owned();
    let withdraw = async |condition| {
        let headers = [("abaci-ask", token.as_str()), ("if-match", condition)];
        send(&system, Method::DELETE, "/api/calculations/900000001", &headers).await
    };
    withdraw("\"a\"").await.expect_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
    withdraw("*").await.expect(StatusCode::OK);
}
