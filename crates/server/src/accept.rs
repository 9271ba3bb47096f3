//! The accept loop and its graceful shutdown.

use std::future::Future;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::serve_connection;
use crate::connections::ConnectionTable;
use crate::limits::ServerLimits;
use crate::metrics::ConnectionGauge;
use crate::refusals::record_refusal_of;

/// At shutdown the listener stays open until no connection has arrived for this long …
const ACCEPT_GRACE: Duration = Duration::from_millis(20);
/// … but no longer than this.
const ACCEPT_GRACE_MAX: Duration = Duration::from_millis(200);
/// Pause after a failed accept. Out of file descriptors, the loop would otherwise take a whole core.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// Connections that may wait to be accepted, if the kernel's `somaxconn` allows as many.
const BACKLOG: u32 = 4_096;
/// The response to a connection that no limit leaves room for.
const CROWDED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Listens on an address, with a backlog for a burst of 4,096 connections.
///
/// # Errors
/// When the address cannot be bound.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted server must not wait for the connections of its predecessor to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves a router on a listener until `shutdown`, then lets requests in progress finish.
///
/// Every request carries [`ConnectInfo`](axum::extract::ConnectInfo) with the peer's address and
/// [`Draining`](crate::Draining) in its extensions. Returns when every connection is closed, at the latest
/// [`ServerLimits::drain`] after `shutdown`.
///
/// # Errors
/// When the listener has no local address. Failures to accept are logged and retried.
pub async fn run(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let table = Arc::new(ConnectionTable::new(&limits));
    let limits = Arc::new(limits);
    let (draining, abort) = (CancellationToken::new(), CancellationToken::new());
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    let mut closes_at = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown, if closes_at.is_none() => {
                draining.cancel();
                closes_at = Some(Instant::now() + ACCEPT_GRACE_MAX);
                continue;
            }
            () = accept_grace(closes_at) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, %address, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
                continue;
            }
        };
        let Some(entry) = table.add(peer.ip()) else {
            refuse(stream, peer.ip());
            continue;
        };
        let connection = serve_connection(stream, peer, entry, router.clone(), Arc::clone(&limits), draining.clone());
        let abort = abort.clone();
        connections.spawn(async move {
            let _gauge = ConnectionGauge::count();
            abort.run_until_cancelled(connection).await;
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(%address, connections = connections.len(), "shutdown closes connections that did not finish");
        abort.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// Answers 503 without waiting, and closes the connection.
fn refuse(stream: TcpStream, peer: IpAddr) {
    record_refusal_of("connections", peer);
    // The response fits into an empty send buffer; a client that is gone needs none.
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(CROWDED));
}

/// Returns when no connection has arrived for [`ACCEPT_GRACE`], or at `closes_at`; never without one.
///
/// Closing the listener resets the connections in its backlog, even those that have sent a request.
async fn accept_grace(closes_at: Option<Instant>) {
    match closes_at {
        Some(closes_at) => tokio::time::sleep_until(closes_at.min(Instant::now() + ACCEPT_GRACE)).await,
        None => std::future::pending().await,
    }
}
