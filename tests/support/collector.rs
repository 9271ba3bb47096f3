//! A collector of traces, for the time of a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A server that receives spans at `/v1/traces`.
pub(crate) struct Collector {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<ExportedSpan>>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let received = Arc::default();
        let all = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                receive(stream.expect("accepted"), &all);
            }
        });
        Self { url, received }
    }

    /// Returns all spans so far. An exporter that has ended has received its responses, so none of its spans is missing.
    pub(crate) fn spans(&self) -> Vec<ExportedSpan> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads one request, keeps its spans and only then answers.
fn receive(stream: TcpStream, all: &Mutex<Vec<ExportedSpan>>) {
    let mut reader = BufReader::new(stream);
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
    all.lock().unwrap_or_else(PoisonError::into_inner).extend(decode(&body));
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(response).expect("sent");
}

/// A span, with its attributes as text.
#[derive(Clone, Debug)]
pub(crate) struct ExportedSpan {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_id: String,
    pub(crate) name: String,
    /// `SpanKind`: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub(crate) kind: u64,
    pub(crate) is_error: bool,
    attributes: Vec<(String, String)>,
    resource: Vec<(String, String)>,
}

impl ExportedSpan {
    /// Returns an attribute of the process.
    pub(crate) fn resource(&self, key: &str) -> Option<&str> {
        find(&self.resource, key)
    }

    /// Returns an attribute that is a text or a whole number.
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        find(&self.attributes, key)
    }
}

fn find<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Decodes the parts of `ExportTraceServiceRequest` that tests check.
fn decode(request: &[u8]) -> Vec<ExportedSpan> {
    let mut all = Vec::new();
    for resource_spans in messages(request, 1) {
        let resource: Vec<_> =
            messages(resource_spans, 1).flat_map(|resource| messages(resource, 1)).map(attribute).collect();
        for span in messages(resource_spans, 2).flat_map(|scope| messages(scope, 2)) {
            all.push(ExportedSpan {
                trace_id: hex(message(span, 1)),
                span_id: hex(message(span, 2)),
                parent_id: hex(message(span, 4)),
                name: text(span, 5),
                kind: number(span, 6).unwrap_or_default(),
                is_error: number(message(span, 15), 3) == Some(2),
                attributes: messages(span, 9).map(attribute).collect(),
                resource: resource.clone(),
            });
        }
    }
    all
}

fn attribute(pair: &[u8]) -> (String, String) {
    let value = message(pair, 2);
    let value = number(value, 3).map_or_else(|| text(value, 1), |number| number.to_string());
    (text(pair, 1), value)
}

enum ProtobufField<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Returns every field of a protobuf message, with its number.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, ProtobufField<'_>)> {
    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let tag = varint(&mut message);
        let length = match tag & 7 {
            0 => return Some((tag >> 3, ProtobufField::Number(varint(&mut message)))),
            1 => 8,
            2 => usize::try_from(varint(&mut message)).expect("a length"),
            5 => 4,
            other => panic!("unknown wire type {other}"),
        };
        let (content, rest) = message.split_at(length);
        message = rest;
        Some((tag >> 3, ProtobufField::Bytes(content)))
    })
}

fn messages(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |(found, field)| match field {
        ProtobufField::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    })
}

fn number(message: &[u8], number: u64) -> Option<u64> {
    fields(message).find_map(|(found, field)| match field {
        ProtobufField::Number(value) if found == number => Some(value),
        _ => None,
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

fn message(message: &[u8], field: u64) -> &[u8] {
    messages(message, field).next().unwrap_or_default()
}

fn text(of: &[u8], field: u64) -> String {
    String::from_utf8(message(of, field).to_vec()).expect("text")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
