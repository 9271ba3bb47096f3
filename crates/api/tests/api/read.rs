//! Reading calculations and the state of the system.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use model::{Lane, WorkerId, WorkerReport};
use queue::JobQueue;

use crate::support::{TestSystem, subject};

#[tokio::test]
async fn reading_never_creates_work() {
    let system = TestSystem::start().await;
    for path in ["/api/calculations/7", "/api/calculations/7/value", "/api/calculations/-9223372036854775808"] {
        system.get(path).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
    }
    for path in ["/api/calculations/007", "/api/calculations/abc", "/api/calculations/1e3/value"] {
        system.get(path).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "index-not-integer");
    }
    system.get("/api/calculations/%ff").await.expect_problem(StatusCode::NOT_FOUND, "not-found");
    assert_eq!(system.rows().await, 0);
    assert_eq!(system.jobs().await, 0);
}

#[tokio::test]
async fn the_list_is_paged_newest_first() {
    let system = TestSystem::start().await;
    for n in 0..5 {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
    }
    let mut path = "/api/calculations?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = system.get(&path).await.expect(StatusCode::OK).json();
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["index"].to_string()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/calculations?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["\"4\"", "\"3\"", "\"2\"", "\"1\"", "\"0\""]);
    let whole = system.get("/api/calculations?limit=5").await.json();
    assert_eq!(whole["next"], serde_json::Value::Null);
}

#[tokio::test]
async fn an_invalid_limit_or_cursor_is_refused() {
    let system = TestSystem::start().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=+5",
        "limit=",
        "limit=x",
        "limit=1&limit=2",
        "after=x",
        "after=c",
        "after=%ff",
    ] {
        let answer = system.get(&format!("/api/calculations?{query}")).await;
        let problem = answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert!(problem["given"].is_string() && problem["allowed"].is_string(), "{query}: {problem}");
    }
    system.get("/api/calculations?limit=200&unknown=1").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let system = TestSystem::start().await;
    for path in ["/", "/api", "/api/", "/apifoo", "/api/calculations/", "/api/calculations/1/2", "/api/nothing"] {
        system.get(path).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
    }
    for (method, path, allowed) in [
        (Method::PUT, "/api/calculations", "GET,HEAD,POST"),
        (Method::DELETE, "/api/calculations", "GET,HEAD,POST"),
        (Method::TRACE, "/api/calculations", "GET,HEAD,POST"),
        (Method::POST, "/api/calculations/7", "DELETE,GET,HEAD"),
        (Method::GET, "/api/values", "POST"),
    ] {
        let request = Request::builder().method(&method).uri(path).body(Body::empty()).expect("a request");
        let answer = system.send(request).await;
        let answer = answer.expect_problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
        let mut methods: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let system = TestSystem::start().await;
    for path in ["/api/calculations", "/api/nothing", "/api/system", "/api/docs"] {
        let answer = system.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    let answer = system.submit(7).await;
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test]
async fn json_is_compressed_and_values_and_events_are_not() {
    let system = TestSystem::start().await;
    for n in 0..20 {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
    }
    system.compute(30_000).await;
    while system.work_one().await {}
    let encoding = async |path: &str| {
        let request = Request::get(path).header("accept-encoding", "gzip").body(Body::empty()).expect("a request");
        let response = system.answer(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().get("content-encoding").map(|encoding| encoding.to_str().expect("text").to_owned())
    };
    assert_eq!(encoding("/api/calculations").await.as_deref(), Some("gzip"));
    assert_eq!(encoding("/api/calculations/30000/value").await, None);
    assert_eq!(encoding("/api/events").await, None);
}

#[tokio::test]
async fn the_system_is_queried_at_most_once_a_second() {
    let system = TestSystem::start().await;
    let report = WorkerReport {
        id: WorkerId("w1".to_owned()),
        version: "1.2.3".to_owned(),
        lanes: vec![Lane::Short, Lane::Long],
        computing: vec![subject(900_000_000)],
        finished: 7,
        memory_bytes: None,
        seen_at: model::Clock::now(&*system.clock),
    };
    system.queue.report(&report).await.expect("the queue answers");
    system.submit(10).await.expect(StatusCode::ACCEPTED);
    let first = system.get("/api/system").await.expect(StatusCode::OK).json();
    assert_eq!(first["lanes"][0]["lane"], "short");
    assert_eq!(first["lanes"][0]["waiting"], 1);
    assert_eq!(first["lanes"][0]["next"][0], "F(10)");
    assert_eq!(first["lanes"][2]["waiting"], 0);
    assert_eq!(first["workers"][0]["id"], "w1");
    assert_eq!(first["workers"][0]["computing"][0], "F(900000000)");
    assert_eq!(first["max_index"], "1000000000");
    assert!(first["accepted_per_s"].as_f64().expect("a rate") > 0.0);

    system.clock.advance(Duration::from_millis(1));
    let again = system.get("/api/system").await.json();
    assert_eq!(again["at"], first["at"]);
}

#[tokio::test]
async fn the_system_counts_the_digits_that_were_computed() {
    let system = TestSystem::start().await;
    for n in [100, -8] {
        system.compute(n).await;
    }
    system.submit(1_000_000).await.expect(StatusCode::ACCEPTED);
    let digits = async || system.get("/api/system").await.expect(StatusCode::OK).json()["digits_computed"].clone();
    // A sum that takes long is not waited for.
    while digits().await.is_null() {
        tokio::task::yield_now().await;
    }
    assert_eq!(digits().await, 23);
}

#[tokio::test]
async fn without_the_store_the_system_is_reported_from_the_queue() {
    let system = TestSystem::start().await;
    system.submit(10).await.expect(StatusCode::ACCEPTED);
    system.store.close().await;
    let status = system.get("/api/system").await.expect(StatusCode::OK).json();
    assert_eq!(status["lanes"][0]["waiting"], 1);
}

#[tokio::test]
async fn lists_at_the_same_time_share_one_read_and_see_what_was_stored_before() {
    let system = TestSystem::start().await;
    for n in 0..20 {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
        let lists = futures_util::future::join_all((0..10).map(|_| system.get("/api/calculations?limit=1"))).await;
        for list in lists {
            assert_eq!(list.expect(StatusCode::OK).json()["items"][0]["index"], n.to_string());
        }
    }
}

#[tokio::test]
async fn an_api_on_loopback_is_not_readable_by_pages_of_other_sites() {
    let system = TestSystem::with_config(api::ApiConfig { is_public: false, ..api::ApiConfig::default() }).await;
    let response = system.get("/api/calculations").await.expect(StatusCode::OK);
    assert!(!response.headers.contains_key("access-control-allow-origin"));
    assert_eq!(response.header("cross-origin-resource-policy"), "same-origin");
    let preflight = Request::options("/api/calculations").header("access-control-request-method", "GET");
    let response = system.send(preflight.body(Body::empty()).expect("a request")).await;
    assert!(!response.headers.contains_key("access-control-allow-origin"));
}
