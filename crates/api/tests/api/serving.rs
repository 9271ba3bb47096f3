//! The accept loop against clients that are slow, greedy or gone. Raw sockets, because no HTTP client is so rude.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http::StatusCode;
use server::ServerLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::TestSystem;

const SHORT: Duration = Duration::from_millis(200);
/// Far longer than anything here should take, so that a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// All of a client's times are short, and that it is the right one that ends shows in how long it took.
fn limits() -> ServerLimits {
    ServerLimits {
        header_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: Duration::from_secs(60),
        write_timeout: SHORT,
        drain: PATIENCE,
        ..ServerLimits::default()
    }
}

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
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
        tokio::time::timeout(PATIENCE, self.serving).await.expect("in time").expect("no panic").expect("served");
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

/// Everything until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server lets go");
    // A reset is as good an end as a close.
    drop(read);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer of five bytes, `hello`.
async fn hello(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut piece = [0; 512];
        let length = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.expect("in time").expect("to read");
        assert!(length > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
}

#[tokio::test]
async fn a_header_that_is_never_finished_ends_the_connection() {
    let server = Server::start(echo(), limits()).await;
    let mut silent = server.connect().await;
    let mut half = server.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.expect("to write");
    let mut drip = server.connect().await;
    let dripping = tokio::spawn(async move {
        drip.write_all(b"GET / HTTP/1.1\r\n").await.expect("to write");
        let began = Instant::now();
        // A byte now and then, each well within the time, for as long as the server listens.
        while drip.write_all(b"a").await.is_ok() && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    });
    assert_eq!(rest(&mut silent).await, "");
    assert!(!rest(&mut half).await.contains("200"));
    assert!(dripping.await.expect("no panic") < PATIENCE / 2);
    server.stop().await;
}

#[tokio::test]
async fn a_second_header_must_be_finished_as_well() {
    let server = Server::start(echo(), limits()).await;
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    // Idle for longer than a header may take: no harm.
    tokio::time::sleep(2 * SHORT).await;
    hello(&mut stream).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.expect("to write");
    assert!(!rest(&mut stream).await.contains("200"));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let server = Server::start(echo(), ServerLimits { idle_timeout: 2 * SHORT, ..limits() }).await;
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    let began = Instant::now();
    assert!(!rest(&mut stream).await.contains("200"));
    assert!(began.elapsed() >= SHORT);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408_and_the_connection_closed() {
    let system = TestSystem::start().await;
    let server = Server::start(system.router.clone(), limits()).await;
    let head = "POST /api/calculations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for start in ["content-length: 20\r\n\r\n{\"index\"", "transfer-encoding: chunked\r\n\r\n3\r\n{\"i\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(format!("{head}{start}").as_bytes()).await.expect("to write");
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("urn:abaci:problem:body-malformed"), "{answer}");
    }
    assert_eq!(system.rows().await, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_refused() {
    let system = TestSystem::start().await;
    let server = Server::start(system.router.clone(), limits()).await;
    let mut stream = server.connect().await;
    let request = "POST /api/calculations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   content-length: 20\r\n\r\n{\"index\":7}";
    stream.write_all(request.as_bytes()).await.expect("to write");
    stream.shutdown().await.expect("to close");
    assert!(!rest(&mut stream).await.contains("HTTP/1.1 2"));
    assert_eq!(system.rows().await, 0);
    server.stop().await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    let server = Server::start(echo(), limits()).await;
    let many = "x: y\r\n".repeat(100);
    let long = format!("x: {}\r\n", "y".repeat(20_000));
    for headers in [many, long] {
        let mut stream = server.connect().await;
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("to write");
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_a_place() {
    let server = Server::start(echo(), ServerLimits { connections: 2, ..limits() }).await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    hello(&mut one).await;
    hello(&mut other).await;
    let mut third = server.connect().await;
    third.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    let mut byte = [0];
    assert!(tokio::time::timeout(2 * SHORT, third.read(&mut byte)).await.is_err(), "no place is free");
    drop(one);
    let length =
        tokio::time::timeout(PATIENCE, third.read(&mut byte)).await.expect("a place is free").expect("to read");
    assert_eq!(length, 1);
    hello(&mut other).await;
    server.stop().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_let_go() {
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
    let server = Server::start(Router::new().route("/", get(endless)), limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    tokio::time::timeout(PATIENCE, gone.cancelled()).await.expect("the server lets go of the body");
    server.stop().await;
}

/// A route that says when it has begun, and answers when it may.
fn slow(may_end: CancellationToken) -> (Router, mpsc::Receiver<()>) {
    let (begun, has_begun) = mpsc::channel(1);
    let slow = move || {
        let (begun, may_end) = (begun.clone(), may_end.clone());
        async move {
            begun.send(()).await.expect("the test listens");
            may_end.cancelled().await;
            "hello"
        }
    };
    (Router::new().route("/", get(slow)), has_begun)
}

#[tokio::test]
async fn shutdown_lets_requests_finish_and_closes_idle_connections() {
    let proceed = CancellationToken::new();
    let (router, mut has_begun) = slow(proceed.clone());
    let server = Server::start(router, limits()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    has_begun.recv().await.expect("a request");
    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(rest(&mut idle).await, "");
    assert!(!stopping.is_finished());
    proceed.cancel();
    assert!(rest(&mut busy).await.ends_with("hello"));
    stopping.await.expect("no panic");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let (router, mut has_begun) = slow(CancellationToken::new());
    let server = Server::start(router, ServerLimits { drain: SHORT, ..limits() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    has_begun.recv().await.expect("a request");
    assert!(server.stop().await < PATIENCE / 2);
    assert!(!rest(&mut stream).await.contains("200"));
}

#[tokio::test]
async fn shutdown_ends_event_streams() {
    let system = TestSystem::start().await;
    let server = Server::start(system.router.clone(), limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /api/events HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("to write");
    let mut piece = [0; 64];
    assert!(stream.read(&mut piece).await.expect("to read") > 0);
    assert!(server.stop().await < PATIENCE / 2);
    assert!(rest(&mut stream).await.ends_with("0\r\n\r\n"), "the stream ends as a whole one");
}

#[tokio::test]
async fn shutdown_answers_those_who_wait_for_a_value() {
    let system = TestSystem::start().await;
    let server = Server::start(system.router.clone(), limits()).await;
    let mut stream = server.connect().await;
    let request = "POST /api/calculations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   prefer: wait=30\r\ncontent-length: 11\r\n\r\n{\"index\":7}";
    stream.write_all(request.as_bytes()).await.expect("to write");
    while system.jobs().await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(server.stop().await < PATIENCE / 2);
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 202 "));
}
