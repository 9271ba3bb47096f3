//! The accept loop and its graceful shutdown.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::serve_connection;
use crate::limits::ServerLimits;
use crate::metrics::OpenConnection;

/// At shutdown the listener stays open until no connection has arrived for this long …
const ACCEPT_GRACE: Duration = Duration::from_millis(20);
/// … but no longer than this.
const ACCEPT_GRACE_MAX: Duration = Duration::from_millis(200);
/// Pause after a failed accept. Out of file descriptors, the loop would otherwise take a whole core.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

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
    let slots = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let (draining, abort) = (CancellationToken::new(), CancellationToken::new());
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    let mut closes_at = None;
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (slot, stream, peer))
        };
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown, if closes_at.is_none() => {
                draining.cancel();
                closes_at = Some(Instant::now() + ACCEPT_GRACE_MAX);
                continue;
            }
            () = accept_grace(closes_at) => break,
            accepted = next => accepted,
        };
        let (slot, stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, %address, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
                continue;
            }
        };
        let connection = serve_connection(stream, peer, router.clone(), limits.clone(), draining.clone());
        let abort = abort.clone();
        connections.spawn(async move {
            let _open = OpenConnection::count();
            abort.run_until_cancelled(connection).await;
            drop(slot);
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

/// Returns when no connection has arrived for [`ACCEPT_GRACE`], or at `closes_at`; never without one.
///
/// Closing the listener resets the connections in its backlog, even those that have sent a request.
async fn accept_grace(closes_at: Option<Instant>) {
    match closes_at {
        Some(closes_at) => tokio::time::sleep_until(closes_at.min(Instant::now() + ACCEPT_GRACE)).await,
        None => std::future::pending().await,
    }
}
