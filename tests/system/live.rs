//! The event stream, as a page reads it.

use futures_util::StreamExt;
use serde_json::Value;

use crate::stack::{STUCK_AFTER, Stack};

/// An event of the stream.
#[derive(Debug, Clone)]
struct StreamEvent {
    kind: String,
    id: Option<String>,
    data: Value,
}

/// Reads Server-Sent Events until `is_last` returns true.
async fn listen(response: reqwest::Response, mut is_last: impl FnMut(&StreamEvent) -> bool) -> Vec<StreamEvent> {
    let reading = async {
        let mut chunks = response.bytes_stream();
        let mut buffer = String::new();
        let mut events = Vec::new();
        while let Some(chunk) = chunks.next().await {
            buffer.push_str(std::str::from_utf8(&chunk.expect("bytes")).expect("text"));
            while let Some(end) = buffer.find("\n\n") {
                let block: String = buffer.drain(..end + 2).collect();
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned());
                let Some(kind) = field("event:") else { continue };
                let data =
                    field("data:").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap_or(Value::Null));
                let event = StreamEvent { kind, id: field("id:"), data };
                events.push(event.clone());
                if is_last(&event) {
                    return events;
                }
            }
        }
        panic!("the stream ended after {events:?}");
    };
    tokio::time::timeout(STUCK_AFTER, reading).await.expect("the last event arrives")
}

#[tokio::test]
async fn a_subscriber_receives_start_progress_and_end() {
    let stack = Stack::own(&[]).await;
    let n = 1_000_000_000;
    let stream = stack.get(&format!("/api/events?index={n}")).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    stack.submit(n).await;
    stack.submit(7).await;
    let events = listen(stream, |event| event.data["status"] == "done").await;
    let index = n.to_string();
    assert!(events.iter().all(|event| event.data["index"] == index), "only the requested index");
    let fractions: Vec<f64> = events
        .iter()
        .filter(|event| event.kind == "progress")
        .filter_map(|event| event.data["progress"].as_f64())
        .collect();
    assert!(!fractions.is_empty(), "there is progress");
    assert!(fractions.is_sorted(), "progress only rises: {fractions:?}");
    assert!(events.iter().any(|event| event.data["status"] == "running"));
}

#[tokio::test]
async fn a_subscriber_that_reconnects_misses_nothing() {
    let stack = Stack::own(&[]).await;
    let stream = stack.get("/api/events").await;
    stack.value_of(10).await;
    let events = listen(stream, |event| event.data["index"] == "10" && event.data["status"] == "done").await;
    let last = events.last().and_then(|event| event.id.clone()).expect("an id");

    for n in 11..20 {
        stack.value_of(n).await;
    }
    let request = stack.http.get(format!("{}/api/events", stack.url)).header("last-event-id", last);
    let resumed = request.send().await.expect("a response");
    let mut missing: Vec<String> = (11..20).map(|n: i64| n.to_string()).collect();
    listen(resumed, |event| {
        assert_ne!(event.kind, "reset");
        if event.data["status"] == "done" {
            missing.retain(|index| event.data["index"] != *index);
        }
        missing.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_receives_a_reset_after_a_restart() {
    let mut stack = Stack::own(&[]).await;
    let stream = stack.get("/api/events").await;
    stack.value_of(10).await;
    let events = listen(stream, |event| event.data["status"] == "done").await;
    let last = events.last().and_then(|event| event.id.clone()).expect("an id");
    stack.kill();
    stack.restart();
    let request = stack.http.get(format!("{}/api/events", stack.url)).header("last-event-id", last);
    listen(request.send().await.expect("a response"), |event| event.kind == "reset").await;
}
