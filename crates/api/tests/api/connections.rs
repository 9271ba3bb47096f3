//! The API behind the real server, over raw sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use server::ServerLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::TestSystem;

/// Far longer than anything here takes, so that a hang is a failure.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

struct ServedApi {
    system: TestSystem,
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl ServedApi {
    async fn start() -> Self {
        let system = TestSystem::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let limits = ServerLimits { body_timeout: Duration::from_millis(200), ..ServerLimits::default() };
        let run = server::run(listener, system.router.clone(), limits, shutdown.clone().cancelled_owned());
        Self { system, address, shutdown, serving: tokio::spawn(run) }
    }

    /// Connects and sends the bytes.
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(bytes.as_bytes()).await.expect("to write");
        stream
    }

    async fn stop(self) -> Duration {
        let start = Instant::now();
        self.shutdown.cancel();
        tokio::time::timeout(TEST_TIMEOUT, self.serving).await.expect("in time").expect("no panic").expect("served");
        start.elapsed()
    }
}

/// Reads until the server closes the connection.
async fn read_to_end(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends the connection as well as a close.
    let _ = tokio::time::timeout(TEST_TIMEOUT, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408_and_one_that_ends_early_is_refused() {
    let api = ServedApi::start().await;
    let head = "POST /api/calculations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for start in ["content-length: 20\r\n\r\n{\"index\"", "transfer-encoding: chunked\r\n\r\n3\r\n{\"i\r\n"] {
        let response = read_to_end(api.send(&format!("{head}{start}")).await).await;
        assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
        assert!(response.contains("urn:abaci:problem:body-malformed"), "{response}");
    }
    let mut stream = api.send(&format!("{head}content-length: 20\r\n\r\n{{\"index\":7}}")).await;
    stream.shutdown().await.expect("to close");
    assert!(!read_to_end(stream).await.contains("HTTP/1.1 2"));
    assert_eq!(api.system.rows().await, 0);
    api.stop().await;
}

#[tokio::test]
async fn shutdown_ends_event_streams_and_answers_waiting_requests() {
    let api = ServedApi::start().await;
    let mut events = api.send("GET /api/events HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(events.read(&mut [0; 64]).await.expect("to read") > 0);
    let waiting = api
        .send(
            "POST /api/calculations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             prefer: wait=30\r\ncontent-length: 11\r\n\r\n{\"index\":7}",
        )
        .await;
    while api.system.jobs().await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(api.stop().await < TEST_TIMEOUT / 2);
    assert!(read_to_end(events).await.ends_with("0\r\n\r\n"), "the stream ends with its last chunk");
    assert!(read_to_end(waiting).await.starts_with("HTTP/1.1 202 "));
}
