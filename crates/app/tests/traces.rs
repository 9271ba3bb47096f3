//! Traces, as a collector receives them: one trace from the page over the API to the worker.

mod run;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use run::{abaci, exit_code_within_seconds, terminate};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[test]
fn one_trace_goes_from_the_page_over_the_api_to_the_worker() {
    let collector = Collector::start();
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("OTEL_RESOURCE_ATTRIBUTES", "zone=a");
    let mut serve = Serve::start(&mut command);
    serve.ask_for(1_000);
    // What is left is sent at the end.
    serve.stop();

    let spans = collector.received();
    let of_trace: Vec<_> = spans.iter().filter(|span| span.trace_id == TRACE).collect();
    let one = |what: &str, is_it: &dyn Fn(&&&Span) -> bool| {
        *of_trace.iter().find(is_it).unwrap_or_else(|| panic!("no {what} among {spans:?}"))
    };
    let page = one("page", &|span| span.name == "request" && span.parent_id == CALLER);
    let request = one("call of the API", &|span| span.name == "request" && span.parent_id == page.span_id);
    let job = one("job", &|span| span.name == "job");
    let requests = of_trace.iter().filter(|span| span.name == "request" && span.span_id != page.span_id);
    assert!(requests.into_iter().all(|span| span.parent_id == page.span_id));
    let parent = of_trace.iter().find(|span| span.span_id == job.parent_id).map(|span| span.name.as_str());
    assert_eq!(parent, Some("request"), "the job is a child of the request that asked for it");
    for span in [page, request, job] {
        assert_eq!(span.resource("service.name"), Some("abaci-serve"));
        assert_eq!(span.resource("zone"), Some("a"));
    }
}

#[test]
fn the_service_has_the_name_it_is_given_and_the_sampler_is_heard() {
    let collector = Collector::start();
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", collector.url));
    command.env("OTEL_SERVICE_NAME", "calculator").env("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    // What is not logged is exported all the same.
    command.env("ABACI_LOG", "warn");
    let mut serve = Serve::start(&mut command);
    serve.ask_for(1_000);
    serve.get("/api/calculations/1000");
    serve.stop();

    let spans = collector.received();
    assert!(spans.iter().any(|span| span.name == "job"), "the caller's trace is recorded: {spans:?}");
    assert!(spans.iter().all(|span| span.trace_id == TRACE), "a trace of its own is not: {spans:?}");
    assert!(spans.iter().all(|span| span.resource("service.name") == Some("calculator")), "{spans:?}");
}

#[test]
fn a_collector_that_is_not_there_hinders_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = serve(data.path());
    let mut serve = Serve::start(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{nobody}")));
    serve.ask_for(1_000);
    serve.stop();
}

#[test]
fn an_address_that_is_none_is_a_wrong_setting() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "no address");
    let output = run::output(command);
    assert_eq!(output.status.code(), Some(2), "{}", run::stderr(&output));
    assert!(run::stderr(&output).contains("no address"), "{}", run::stderr(&output));
}

fn serve(data: &Path) -> Command {
    let mut command = abaci(&["serve"]);
    command.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0").env("ABACI_DATA_DIR", data);
    command
}

/// A running system; ended with the test.
struct Serve {
    child: Child,
    address: String,
}

impl Serve {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("text");
        let address = line.trim_end().split_once("http://").expect("a line with an address").1.to_owned();
        Self { child, address }
    }

    /// Asks the page for F(n), as the caller of the trace, and waits until it is there.
    fn ask_for(&self, n: u32) {
        let body = format!("index={n}");
        let answer = self.send(
            &format!(
                "POST / HTTP/1.1\r\nTraceparent: 00-{TRACE}-{CALLER}-01\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n",
                body.len()
            ),
            &body,
        );
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let body = format!(r#"{{"index":"{n}"}}"#);
        let head = format!(
            "POST /api/calculations HTTP/1.1\r\nContent-Type: application/json\r\nPrefer: wait=30\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        let value = self.send(&head, &body);
        assert!(value.contains(r#""status":"done""#), "{value}");
    }

    fn get(&self, path: &str) {
        let answer = self.send(&format!("GET {path} HTTP/1.1\r\n"), "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
        write!(stream, "{head}Host: {}\r\nConnection: close\r\n\r\n{body}", self.address).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in time");
        answer
    }

    fn stop(&mut self) {
        terminate(self.child.id());
        assert_eq!(exit_code_within_seconds(&mut self.child, 20), Some(0));
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Both fail only if it has ended already, as it has after `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Receives what is posted to `/v1/traces`.
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
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                reader.get_mut().write_all(answer).expect("answered");
                if posted.send(body).is_err() {
                    return;
                }
            }
        });
        Self { url, bodies }
    }

    /// All spans so far. An exporter that has ended has had its answers, so nothing of it is missing.
    fn received(&self) -> Vec<Span> {
        // The answer is written just before the body is handed over.
        let first = self.bodies.recv_timeout(Duration::from_secs(10)).expect("something was exported");
        let rest = std::iter::from_fn(|| self.bodies.recv_timeout(Duration::from_millis(200)).ok());
        std::iter::once(first).chain(rest).flat_map(|body| spans(&body)).collect()
    }
}

#[derive(Debug)]
struct Span {
    trace_id: String,
    span_id: String,
    parent_id: String,
    name: String,
    resource: Vec<(String, String)>,
}

impl Span {
    fn resource(&self, key: &str) -> Option<&str> {
        self.resource.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// `ExportTraceServiceRequest`, as far as it is looked at here.
fn spans(request: &[u8]) -> Vec<Span> {
    let mut all = Vec::new();
    for resource_spans in fields(request, 1) {
        let attributes = fields(resource_spans, 1).flat_map(|resource| fields(resource, 1));
        let resource: Vec<_> = attributes.map(|pair| (text(pair, 1), text(bytes(pair, 2), 1))).collect();
        for span in fields(resource_spans, 2).flat_map(|scope| fields(scope, 2)) {
            all.push(Span {
                trace_id: hex(bytes(span, 1)),
                span_id: hex(bytes(span, 2)),
                parent_id: hex(bytes(span, 4)),
                name: text(span, 5),
                resource: resource.clone(),
            });
        }
    }
    all
}

/// The contents of every field of that number that has a length, in a message of protobuf.
fn fields(mut message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
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
                other => panic!("protobuf has no type {other}"),
            };
            let (content, rest) = message.split_at(length);
            message = rest;
            if tag >> 3 == wanted && tag & 7 == 2 {
                return Some(content);
            }
        }
        None
    })
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().expect("a whole number");
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
