//! Slow, idle, too many and vanished clients.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use server::ServerLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{SHORT, TEST_TIMEOUT, TestServer, echo, hello, limits, read_to_end, slow};

#[tokio::test]
async fn a_header_that_is_never_finished_ends_the_connection() {
    let server = TestServer::start(echo(), limits()).await;
    let mut silent = server.connect().await;
    let mut half = server.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.expect("to write");
    let mut drip = server.connect().await;
    let dripping = tokio::spawn(async move {
        drip.write_all(b"GET / HTTP/1.1\r\n").await.expect("to write");
        let began = Instant::now();
        // One byte at a time, each well within the timeout, until the server closes.
        while drip.write_all(b"a").await.is_ok() && began.elapsed() < TEST_TIMEOUT {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    });
    assert_eq!(read_to_end(&mut silent).await, "");
    assert!(!read_to_end(&mut half).await.contains("200"));
    assert!(dripping.await.expect("no panic") < TEST_TIMEOUT / 2);
    server.stop().await;
}

#[tokio::test]
async fn a_second_header_must_be_finished_as_well() {
    let server = TestServer::start(echo(), limits()).await;
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    // Longer idle than a head may take.
    tokio::time::sleep(2 * SHORT).await;
    hello(&mut stream).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.expect("to write");
    assert!(!read_to_end(&mut stream).await.contains("200"));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = TestServer::start(echo(), ServerLimits { idle_timeout: 2 * SHORT, ..limits() }).await;
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    let began = Instant::now();
    assert!(!read_to_end(&mut stream).await.contains("200"));
    assert!(began.elapsed() >= SHORT);
    server.stop().await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    let server = TestServer::start(echo(), limits()).await;
    let many = "x: y\r\n".repeat(100);
    let long = format!("x: {}\r\n", "y".repeat(20_000));
    for headers in [many, long] {
        let mut stream = server.connect().await;
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("to write");
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_full_server_closes_an_idle_connection_and_refuses_when_none_is_idle() {
    let proceed = CancellationToken::new();
    let (router, mut has_started) = slow(proceed.clone());
    let server = TestServer::start(router, ServerLimits { connections: 2, ..limits() }).await;
    let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = server.connect().await;
    first.write_all(request).await.expect("to write");
    has_started.recv().await.expect("a request");
    let mut idle = server.connect().await;
    let mut second = server.connect().await;
    second.write_all(request).await.expect("to write");
    has_started.recv().await.expect("a request");
    assert_eq!(read_to_end(&mut idle).await, "", "closed to make room");

    let mut refused = server.connect().await;
    let response = read_to_end(&mut refused).await;
    assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("retry-after: 1"), "{response}");
    proceed.cancel();
    for stream in [&mut first, &mut second] {
        let mut response = Vec::new();
        while !response.ends_with(b"hello") {
            let mut piece = [0; 512];
            let length = timeout(TEST_TIMEOUT, stream.read(&mut piece)).await.expect("in time").expect("to read");
            assert!(length > 0);
            response.extend_from_slice(&piece[..length]);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_reader_below_the_minimum_rate_is_cut_off() {
    let body = vec![b'1'; 32 << 20];
    let router = Router::new().route("/", get(async move || body));
    let timeout_limits =
        ServerLimits { write_timeout: Duration::from_secs(1), min_write_bytes_per_s: 32 << 20, ..limits() };
    let server = TestServer::start(router, timeout_limits).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    let start = Instant::now();
    // Always some progress, far below the rate.
    let mut piece = vec![0; 256 << 10];
    let mut received = 0;
    loop {
        match timeout(TEST_TIMEOUT, stream.read(&mut piece)).await.expect("the server closes") {
            Ok(0) | Err(_) => break,
            Ok(length) => received += length,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(received < 32 << 20, "{received}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let gone = CancellationToken::new();
    let endless = {
        let gone = gone.clone();
        move || {
            let held = gone.clone().drop_guard();
            async move {
                Body::from_stream(futures_util::stream::unfold(held, |held| async move {
                    Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'1'; 1 << 16])), held))
                }))
            }
        }
    };
    let server = TestServer::start(Router::new().route("/", get(endless)), limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    timeout(TEST_TIMEOUT, gone.cancelled()).await.expect("the server drops the body");
    server.stop().await;
}
