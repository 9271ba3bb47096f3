//! Bodies that are long, slow or read slowly.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use futures_util::StreamExt;
use http::StatusCode;
use server::ServerLimits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::{SHORT, TestServer, limits, read_to_end};

/// Reads a body of any size and answers with its length.
fn length() -> Router {
    let read = async |body: Body| match axum::body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => (StatusCode::OK, bytes.len().to_string()),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, String::new()),
    };
    Router::new().route("/", post(read))
}

async fn start_body(server: &TestServer, bytes: usize) -> TcpStream {
    let mut stream = server.connect().await;
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("to write");
    stream
}

#[tokio::test]
async fn a_long_body_has_more_time_than_a_short_one() {
    let piece = vec![b'1'; 240 * 1024];
    let body_timeout = Duration::from_secs(2);
    let server = TestServer::start(length(), ServerLimits { body_timeout, ..limits() }).await;
    let mut stream = start_body(&server, 4 * piece.len()).await;
    for sent in 0..4 {
        if sent > 0 {
            tokio::time::sleep(body_timeout / 2).await;
        }
        stream.write_all(&piece).await.expect("to write");
    }
    let response = read_to_end(&mut stream).await;
    assert!(response.starts_with("HTTP/1.1 200") && response.ends_with("983040"), "{response}");
    server.stop().await;
}

#[tokio::test]
async fn a_long_body_that_stops_is_cut_off_like_a_short_one() {
    // At the minimal rate this takes longer than TEST_TIMEOUT.
    let sent = vec![b'1'; 2 << 20];
    let server = TestServer::start(length(), limits()).await;
    let mut stream = start_body(&server, sent.len() + 1).await;
    stream.write_all(&sent).await.expect("to write");
    let response = read_to_end(&mut stream).await;
    assert!(response.starts_with("HTTP/1.1 408"), "{response}");
    server.stop().await;
}

#[tokio::test]
async fn work_between_two_reads_takes_no_time_from_the_body() {
    let (reading, is_reading) = tokio::sync::oneshot::channel();
    let reading = std::sync::Arc::new(std::sync::Mutex::new(Some(reading)));
    let read = move |body: Body| {
        let reading = reading.clone();
        async move {
            let mut pieces = body.into_data_stream();
            let first = pieces.next().await.expect("a piece").expect("in time");
            tokio::time::sleep(2 * SHORT).await;
            let mut second = pieces.next();
            assert!(futures_util::poll!(&mut second).is_pending());
            let reading = reading.lock().expect("not poisoned").take().expect("one request");
            reading.send(()).expect("the test receives");
            [first, second.await.expect("a piece").expect("in time")].concat()
        }
    };
    let server = TestServer::start(Router::new().route("/", post(read)), limits()).await;
    let mut stream = start_body(&server, 10).await;
    stream.write_all(b"12345").await.expect("to write");
    is_reading.await.expect("a second read");
    stream.write_all(b"67890").await.expect("to write");
    let response = read_to_end(&mut stream).await;
    assert!(response.ends_with("1234567890"), "{response}");
    server.stop().await;
}
