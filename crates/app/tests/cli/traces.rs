//! Traces, as a collector receives them.

use std::net::TcpListener;

use crate::collector::{Collector, ExportedSpan};
use crate::program::{Running, finish, get, request, role};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[test]
fn one_trace_spans_the_page_the_api_and_the_worker() {
    let collector = Collector::start();
    let data = tempfile::tempdir().expect("a folder");
    let mut command = role("serve", data.path());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("OTEL_RESOURCE_ATTRIBUTES", "zone=a");
    let mut serve = Running::start(command);
    submit_traced(&serve, 1_000);
    // The last spans are sent at the end.
    serve.stop();

    let spans = collector.spans();
    let of_trace: Vec<_> = spans.iter().filter(|span| span.trace_id == TRACE).collect();
    let one = |what: &str, is_it: &dyn Fn(&&&ExportedSpan) -> bool| {
        *of_trace.iter().find(is_it).unwrap_or_else(|| panic!("no {what} among {spans:?}"))
    };
    let page = one("page", &|span| span.name == "POST /" && span.parent_id == CALLER);
    let request =
        one("call of the API", &|span| span.name == "POST /api/calculations" && span.parent_id == page.span_id);
    let job = one("job", &|span| span.name == "job");
    let requests = of_trace.iter().filter(|span| span.name.contains(" /") && span.span_id != page.span_id);
    assert!(requests.into_iter().all(|span| span.parent_id == page.span_id));
    let parent = of_trace.iter().find(|span| span.span_id == job.parent_id).map(|span| span.name.as_str());
    assert_eq!(parent, Some("POST /api/calculations"), "the job is a child of the request that submitted it");
    assert_eq!(request.attribute("http.request.method"), Some("POST"));
    assert_eq!(request.attribute("http.route"), Some("/api/calculations"));
    // A value found in the cache needs no call of the store, so these two are of the first request.
    let call = |name: &str, parent: &ExportedSpan| {
        let is_it = |span: &&&ExportedSpan| span.name == name && span.parent_id == parent.span_id;
        let call = one(name, &is_it);
        assert_eq!((call.kind, call.is_error), (3, false), "{call:?}");
        assert_eq!(call.attribute("db.system.name"), Some("sqlite"));
    };
    call("submit calculations", of_trace.iter().find(|span| span.span_id == job.parent_id).expect("just now"));
    call("complete calculations", job);
    for span in [page, request, job] {
        assert_eq!(span.resource("service.name"), Some("abaci-serve"));
        assert_eq!(span.resource("zone"), Some("a"));
    }
}

#[test]
fn the_service_name_and_the_sampler_are_applied() {
    let collector = Collector::start();
    let data = tempfile::tempdir().expect("a folder");
    let mut command = role("serve", data.path());
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", collector.url));
    command.env("OTEL_SERVICE_NAME", "calculator").env("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    // Spans that are not logged are exported all the same.
    command.env("ABACI_LOG", "warn");
    let mut serve = Running::start(command);
    submit_traced(&serve, 1_000);
    get(serve.public(), "/api/calculations/1000");
    serve.stop();

    let spans = collector.spans();
    assert!(spans.iter().any(|span| span.name == "job"), "the caller's trace is sampled: {spans:?}");
    assert!(spans.iter().all(|span| span.trace_id == TRACE), "a new trace is not: {spans:?}");
    assert!(spans.iter().all(|span| span.resource("service.name") == Some("calculator")), "{spans:?}");
}

#[test]
fn an_unreachable_collector_has_no_effect() {
    let data = tempfile::tempdir().expect("a folder");
    let unused = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = role("serve", data.path());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{unused}"));
    let mut serve = Running::start(command);
    submit_traced(&serve, 1_000);
    serve.stop();
}

#[test]
fn a_malformed_endpoint_is_a_wrong_setting() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = role("serve", data.path());
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "no address");
    let refused = finish(command);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("no address"), "{refused:?}");
}

/// Submits F(n) on the page, as the caller of the trace, and waits until it is done.
fn submit_traced(serve: &Running, n: i64) {
    let headers = format!("Traceparent: 00-{TRACE}-{CALLER}-01\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let response = request(serve.public(), "POST /", &headers, &format!("index={n}"));
    assert!(response.starts_with("HTTP/1.1 303"), "{response}");
    let headers = "Content-Type: application/json\r\nPrefer: wait=30\r\n";
    let response = request(serve.public(), "POST /api/calculations", headers, &format!(r#"{{"index":"{n}"}}"#));
    assert!(response.contains(r#""status":"done""#), "{response}");
}
