//! The processor time of the most expensive requests.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use reqwest::{Method, RequestBuilder};

use crate::role::TestRole;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

/// The limit for one request. A build without optimisation takes several times as long.
const LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 20 });
/// Number of repetitions.
const TIMES: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_most_expensive_requests_stay_within_the_limit() {
    let system = BackendSystem::start();
    let api = system.role("api", &[("ABACI_RATE", "off"), ("ABACI_MAX_QUEUED", "1000000")]);
    {
        // The largest list: each value has the maximum length of a value in a list.
        let worker = system.role("worker", &[]);
        eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
        let api = &api;
        let submit = |n| async move { assert!(api.submit(n).await.0.is_success()) };
        stream::iter(3_700..4_700).for_each_concurrent(16, submit).await;
        api.value(6_000_000).await;
        let done = || system.postgres.sql("abaci", "select count(*) from calculations where status = 'done'");
        eventually("all are done", async || (done() == "1001").then_some(())).await;
    }

    let form = |text: &str| ("application/x-www-form-urlencoded", format!("index={text}"));
    let json = |text: &str| ("application/json", text.to_owned());
    let full = 16 * 1024 - 100;
    for (what, (content_type, body)) in [
        ("the largest index", json("{\"index\":\"1000000000\"}")),
        ("the smallest index", form("-1000000000")),
        ("an index too high", json("{\"index\":9223372036854775807}")),
        ("a number of thousands of digits", json(&format!("{{\"index\":{}}}", "9".repeat(full)))),
        ("a text of thousands of digits", form(&"9".repeat(full))),
        ("deeply nested", json(&format!("{{\"index\":{}{}}}", "[".repeat(full / 2), "]".repeat(full / 2)))),
        ("thousands of members", json(&format!("{{{}\"index\":\"7\"}}", "\"a\":1,".repeat(full / 6 - 4)))),
        ("thousands of escapes", json(&format!("{{\"index\":\"{}\"}}", "\\u0037".repeat(full / 6)))),
        ("thousands of fields", form(&format!("7{}", "&a=%41".repeat(full / 6 - 4)))),
    ] {
        let request = || {
            let request = api.request(Method::POST, "/api/calculations").header("content-type", content_type);
            request.body(body.clone())
        };
        stays_within(&api, what, request).await;
    }
    for (what, path) in [
        ("the longest list", "/api/calculations?limit=200"),
        ("GET /api/values/current", "/api/values/current"),
        ("GET /api/values/all", "/api/values/all"),
        ("the state of the system", "/api/system"),
        ("the description", "/api/openapi.json"),
        ("the documentation", "/api/docs"),
        ("a long path", "/api/calculations/99999999999999999999999999999999999999999999999999999999999999999"),
    ] {
        stays_within(&api, what, || api.request(Method::GET, path)).await;
    }
    // At least a whole block of a long value is read and hashed.
    let part = || api.request(Method::GET, "/api/calculations/6000000/value").header("range", "bytes=7-7");
    stays_within(&api, "one digit of a long value", part).await;
}

async fn stays_within(api: &TestRole, what: &str, request: impl Fn() -> RequestBuilder) {
    let before = api.processor_time();
    for _ in 0..TIMES {
        let response = request().send().await.expect("a response");
        assert!(!response.status().is_server_error(), "{what}: {}", response.status());
        response.bytes().await.expect("a body");
    }
    let each = (api.processor_time() - before) / TIMES;
    println!("{what}: {:.2} ms", each.as_secs_f64() * 1e3);
    assert!(each <= LIMIT, "{what}: {each:?}");
}
