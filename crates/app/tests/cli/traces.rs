//! Traces, as a collector receives them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

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

    let spans = collector.received();
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

    let spans = collector.received();
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

/// A server that receives spans at `/v1/traces`.
struct Collector {
    url: String,
    bodies: Receiver<Vec<u8>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (posted, bodies) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.expect("accepted"));
                let (mut head, mut length) = (String::new(), 0);
                while reader.read_line(&mut head).expect("text") > 2 {
                    let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
                    if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a length");
                    }
                }
                assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
                assert!(head.to_ascii_lowercase().contains("content-type: application/x-protobuf"), "{head}");
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("the whole body");
                let response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                reader.get_mut().write_all(response).expect("sent");
                if posted.send(body).is_err() {
                    return;
                }
            }
        });
        Self { url, bodies }
    }

    /// Returns all spans so far. An exporter that has ended has received its responses, so none is missing.
    fn received(&self) -> Vec<ExportedSpan> {
        // The response is written just before the body is passed on.
        let first = self.bodies.recv_timeout(Duration::from_secs(10)).expect("something was exported");
        let rest = std::iter::from_fn(|| self.bodies.recv_timeout(Duration::from_millis(200)).ok());
        std::iter::once(first).chain(rest).flat_map(|body| spans(&body)).collect()
    }
}

#[derive(Debug)]
struct ExportedSpan {
    trace_id: String,
    span_id: String,
    parent_id: String,
    name: String,
    attributes: Vec<(String, String)>,
    resource: Vec<(String, String)>,
}

impl ExportedSpan {
    fn resource(&self, key: &str) -> Option<&str> {
        self.resource.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Returns an attribute that is a text.
    fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Decodes the parts of `ExportTraceServiceRequest` that these tests check.
fn spans(request: &[u8]) -> Vec<ExportedSpan> {
    let mut all = Vec::new();
    for resource_spans in fields(request, 1) {
        let attributes = fields(resource_spans, 1).flat_map(|resource| fields(resource, 1));
        let resource: Vec<_> = attributes.map(|pair| (text(pair, 1), text(bytes(pair, 2), 1))).collect();
        for span in fields(resource_spans, 2).flat_map(|scope| fields(scope, 2)) {
            all.push(ExportedSpan {
                trace_id: hex(bytes(span, 1)),
                span_id: hex(bytes(span, 2)),
                parent_id: hex(bytes(span, 4)),
                name: text(span, 5),
                attributes: fields(span, 9).map(|pair| (text(pair, 1), text(bytes(pair, 2), 1))).collect(),
                resource: resource.clone(),
            });
        }
    }
    all
}

/// Returns the contents of every length-delimited field with this number in a protobuf message.
fn fields(mut message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        while !message.is_empty() {
            let tag = varint(&mut message);
            let length = match tag & 7 {
                0 => {
                    varint(&mut message);
                    continue;
                }
                1 => 8,
                2 => usize::try_from(varint(&mut message)).expect("a length"),
                5 => 4,
                other => panic!("unknown wire type {other}"),
            };
            let (content, rest) = message.split_at(length);
            message = rest;
            if tag >> 3 == number && tag & 7 == 2 {
                return Some(content);
            }
        }
        None
    })
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().expect("a complete number");
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number of more than 64 bits");
}

fn bytes(message: &[u8], field: u64) -> &[u8] {
    fields(message, field).next().unwrap_or_default()
}

fn text(message: &[u8], field: u64) -> String {
    String::from_utf8(bytes(message, field).to_vec()).expect("text")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
