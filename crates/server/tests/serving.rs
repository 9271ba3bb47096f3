//! The server against slow, greedy and vanished clients, over raw sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use futures_util::StreamExt;
use http::StatusCode;
use server::{KnownHosts, ServerLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(200);
/// Far longer than anything here takes, so that a hang is a failure.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Short timeouts for clients.
fn limits() -> ServerLimits {
    ServerLimits {
        header_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: Duration::from_secs(60),
        write_timeout: SHORT,
        drain: TEST_TIMEOUT,
        ..ServerLimits::default()
    }
}

struct TestServer {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    async fn start(router: Router, limits: ServerLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(server::run(listener, router, limits, shutdown.clone().cancelled_owned()));
        Self { address, shutdown, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    async fn stop(self) -> Duration {
        let began = Instant::now();
        self.shutdown.cancel();
        timeout(TEST_TIMEOUT, self.serving).await.expect("in time").expect("no panic").expect("served");
        began.elapsed()
    }
}

fn echo() -> Router {
    let read = async |body: Body| match axum::body::to_bytes(body, 1 << 20).await {
        Ok(bytes) => (StatusCode::OK, bytes),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, Bytes::new()),
    };
    Router::new().route("/", get(async || "hello")).route("/", post(read))
}

/// Reads until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(TEST_TIMEOUT, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    // A reset is as good an end as a close.
    drop(read);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a request and reads the response `hello`.
async fn hello(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut piece = [0; 512];
        let length = timeout(TEST_TIMEOUT, stream.read(&mut piece)).await.expect("in time").expect("to read");
        assert!(length > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
}

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
async fn every_response_behind_tls_has_hsts_and_none_without() {
    let known_hosts = Some(KnownHosts::new([]));
    for is_behind_tls in [true, false] {
        let limits = ServerLimits { known_hosts: known_hosts.clone(), is_behind_tls, ..limits() };
        let server = TestServer::start(echo(), limits).await;
        for (path, host) in [("/", "localhost"), ("/nowhere", "localhost"), ("/", "evil.example")] {
            let mut stream = server.connect().await;
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("to write");
            let response = read_to_end(&mut stream).await;
            let has_hsts = response.contains("strict-transport-security: max-age=31536000\r\n");
            assert_eq!(has_hsts, is_behind_tls, "{path} {host}: {response}");
        }
        server.stop().await;
    }
}

/// RFC 9112: framing and `Host`.
#[tokio::test]
async fn malformed_framing_is_refused_and_the_connection_closed() {
    let server = TestServer::start(echo(), limits()).await;
    for (request, statuses) in [
        ("GET / HTTP/1.1\r\n\r\n", &["400"][..]),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost : a\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", &["400"]),
        ("GET  / HTTP/1.1\r\nhost: a\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", &["400", "501"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n", &["400", "501"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", &["400", "408"]),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.expect("to write");
        // Half-closed, so that a server which waits for more sees the end.
        stream.shutdown().await.expect("to close");
        let response = read_to_end(&mut stream).await;
        let is_refused = statuses.iter().any(|status| response.starts_with(&format!("HTTP/1.1 {status} ")));
        assert!(is_refused || response.is_empty(), "{request:?}: {response}");
    }
    let mut old = server.connect().await;
    old.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("to write");
    let response = read_to_end(&mut old).await;
    assert!(response.starts_with("HTTP/1.0 200 ") && response.ends_with("hello"), "{response}");
    server.stop().await;
}

/// RFC 9110 and RFC 9112: what a server must accept, and how it answers. The last text is in the response; if it begins
/// with `!`, the rest of it is not.
#[tokio::test]
async fn what_the_standards_allow_is_answered_as_they_say() {
    let server = TestServer::start(echo().route("/none", get(async || StatusCode::NO_CONTENT)), limits()).await;
    let chunked = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n";
    for (request, status, text) in [
        // RFC 9112: 2.2 an empty line before a request, 3.2.2 absolute form, 7.1.1 extensions, 7.1.2 trailers.
        ("\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "hello"),
        ("GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n".to_owned(), "200", "hello"),
        (format!("{chunked}\r\n5;a=b;c=\"d\"\r\nworld\r\n0\r\nx: y\r\n\r\n"), "200", "world"),
        (format!("{chunked}\r\n00005\r\nworld\r\n0\r\n\r\n"), "200", "connection: close"),
        // 6.1: both lengths; the connection is closed, and what follows is no request.
        (format!("{chunked}content-length: 3\r\n\r\n5\r\nworld\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n"), "200", "!hello"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "!hello"),
        // 6.3: without a length there is no body. 9.6: `close`; 9.3: HTTP/1.0 closes by itself.
        ("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "200", "content-length: 0"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "connection: close"),
        // RFC 9110: 6.6.1 `Date`, 8.6 no `Content-Length` in a 204, 9.3.2 `HEAD` without content.
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "date: "),
        ("GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
        ("GET /none HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "204", "!content-length"),
        ("GET /none HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "204", "!transfer-encoding"),
        ("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "!hello"),
        ("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "content-length: 5"),
        // 10.1.1 `Expect`: a 100 before the body is read; none to HTTP/1.0, and none before a refusal.
        ("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "100", "HTTP/1.1 200 "),
        ("POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "200", "world"),
        ("POST /nowhere HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "404", "!HTTP/1.1 100"),
        // 7.3 methods and targets that are not here.
        ("PUT / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "405", "allow: GET,HEAD,POST"),
        ("TRACE / HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n".to_owned(), "405", "!x: y"),
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.expect("to write");
        stream.shutdown().await.expect("to close");
        let response = read_to_end(&mut stream).await;
        assert_eq!(response.get(9..12), Some(status), "{request:?}: {response}");
        match text.strip_prefix('!') {
            Some(absent) => assert!(!response.contains(absent), "{request:?}: {response}"),
            None => assert!(response.contains(text), "{request:?}: {response}"),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn on_loopback_only_known_hosts_are_answered() {
    let known_hosts = Some(KnownHosts::new(["fib.example".to_owned()]));
    let server = TestServer::start(echo(), ServerLimits { known_hosts, ..limits() }).await;
    for (host, status) in [("localhost", 200), ("127.0.0.1:1", 200), ("fib.example", 200), ("evil.example", 421)] {
        let mut stream = server.connect().await;
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("to write");
        let response = read_to_end(&mut stream).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {response}");
    }
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

/// A route that reports when it starts, and responds when it is allowed to.
fn slow(proceed: CancellationToken) -> (Router, mpsc::Receiver<()>) {
    let (started, has_started) = mpsc::channel(2);
    let slow = move || {
        let (started, proceed) = (started.clone(), proceed.clone());
        async move {
            started.send(()).await.expect("the test receives");
            proceed.cancelled().await;
            "hello"
        }
    };
    (Router::new().route("/", get(slow)), has_started)
}

#[tokio::test]
async fn shutdown_lets_requests_finish_and_closes_idle_connections() {
    let proceed = CancellationToken::new();
    let (router, mut has_started) = slow(proceed.clone());
    let server = TestServer::start(router, limits()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    has_started.recv().await.expect("a request");
    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(!stopping.is_finished());
    proceed.cancel();
    assert!(read_to_end(&mut busy).await.ends_with("hello"));
    stopping.await.expect("no panic");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_has_a_deadline() {
    let (router, mut has_started) = slow(CancellationToken::new());
    let server = TestServer::start(router, ServerLimits { drain: SHORT, ..limits() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    has_started.recv().await.expect("a request");
    assert!(server.stop().await < TEST_TIMEOUT / 2);
    assert!(!read_to_end(&mut stream).await.contains("200"));
}
