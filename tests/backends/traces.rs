//! Spans of calls to PostgreSQL, Redis and the object store, as a collector receives them.

use reqwest::Method;

use crate::role::TestRole;
use crate::support::collector::{Collector, ExportedSpan};
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

const CLIENT: u64 = 3;
const INTERNAL: u64 = 1;

/// Submits F(n) as part of a trace.
async fn submit(api: &TestRole, trace: &str, n: i64) -> u16 {
    let request =
        api.request(Method::POST, "/api/calculations").header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let response = request.json(&serde_json::json!({"index": n.to_string()})).send().await;
    response.expect("a response").status().as_u16()
}

/// Waits for the span of a trace with a name, and its parent's.
async fn span(collector: &Collector, trace: &str, name: &str, parent: &str) -> ExportedSpan {
    eventually(&format!("{name} in {parent}"), async || {
        let spans = collector.spans();
        let is_parent = |id: &str| spans.iter().any(|span| span.span_id == id && span.name == parent);
        spans.iter().find(|span| span.trace_id == trace && span.name == name && is_parent(&span.parent_id)).cloned()
    })
    .await
}

#[tokio::test]
async fn calls_have_spans_that_name_the_server_and_the_failure() {
    const SHORT: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const LONG: &str = "4bf92f3577b34da6a3ce929d0e0e4737";
    const FAILING: &str = "4bf92f3577b34da6a3ce929d0e0e4738";
    const REQUEST: &str = "POST /api/calculations";
    let mut system = BackendSystem::start();
    let collector = Collector::start();
    let traces = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let api = system.role("api", &traces);
    let worker = system.role("worker", &traces);
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;

    assert_eq!(submit(&api, SHORT, 1_000).await, 202);
    assert_eq!(submit(&api, LONG, 1_000_000).await, 202);
    for (name, parent, system_name, operation, port) in [
        ("PIPELINE get", REQUEST, "redis", "PIPELINE", system.redis.port),
        ("submit calculations", REQUEST, "postgresql", "submit", system.postgres.port),
        ("complete calculations", "job", "postgresql", "complete", system.postgres.port),
        ("EVALSHA ack", "job", "redis", "EVALSHA", system.redis.port),
    ] {
        let call = span(&collector, SHORT, name, parent).await;
        assert_eq!((call.kind, call.is_error), (CLIENT, false), "{call:?}");
        assert_eq!(call.attribute("db.system.name"), Some(system_name));
        assert_eq!(call.attribute("db.operation.name"), Some(operation));
        assert_eq!(call.attribute("server.address"), Some("127.0.0.1"));
        assert_eq!(call.attribute("server.port"), Some(port.to_string().as_str()));
    }
    let written = span(&collector, LONG, "write object", "job").await;
    assert_eq!(written.kind, INTERNAL, "a folder is no server: {written:?}");
    assert!(written.attribute("file.path").is_some_and(|path| path.starts_with("v1/F(1000000)/")), "{written:?}");

    system.postgres.kill();
    assert_eq!(submit(&api, FAILING, 1_001).await, 503);
    let failed = span(&collector, FAILING, "submit calculations", REQUEST).await;
    assert!(failed.is_error);
    assert_eq!(failed.attribute("error.type"), Some("unavailable"));
    assert!(collector.spans().iter().all(|span| !span.parent_id.is_empty() || span.kind != CLIENT), "polls have none");
}
