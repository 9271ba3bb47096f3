//! The server against slow, greedy and vanished clients, over raw sockets.

mod bodies;
mod connections;
mod shutdown;
mod standards;

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
