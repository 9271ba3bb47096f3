//! Shutdown with requests in progress.

use server::ServerLimits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::{SHORT, TEST_TIMEOUT, TestServer, limits, read_to_end, slow};

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
