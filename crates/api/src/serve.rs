//! The accept loop: HTTP/1.1 for any router, with a limit on everything a client can make us wait for.
//!
//! A header that is never finished, a body that stalls, a reader that does not read and an idle
//! connection each end after a time of their own; connections are counted; shutdown drains.

mod body;
mod stream;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

pub use self::body::BodyTooSlow;
use self::body::{InTime, Whole};
use self::stream::{Pace, PacedStream};
use crate::metrics::Counted;

/// What a client may take of a server.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// From the first byte of a request (or from accepting the connection) to the end of its header.
    pub header_timeout: Duration,
    /// From the first reading of a body to its end.
    pub body_timeout: Duration,
    /// How long a connection may stay without a request. Above what proxies keep theirs (nginx: 60 s), so
    /// that it is never us who close the connection a proxy has just chosen.
    pub idle_timeout: Duration,
    /// How long a client may leave everything unread that we have to say.
    pub write_timeout: Duration,
    /// Connections served at a time. Further ones wait in the listener's backlog.
    pub connections: usize,
    /// Lines of a header.
    pub headers: usize,
    /// Bytes of a header.
    pub header_bytes: usize,
    /// How long a shutdown waits for requests under way.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            connections: 4_096,
            headers: 64,
            header_bytes: 16 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}

/// In the extensions of every request: cancelled when the server begins to shut down, so that answers
/// without an end of their own can end.
#[derive(Clone, Debug)]
pub struct Draining(pub CancellationToken);

/// Serves a router on a listener until `shutdown`, then lets requests under way finish.
///
/// Every request carries [`ConnectInfo`] with the peer's address and [`Draining`] in its extensions.
/// Returns when every connection is closed, at the latest [`ServeLimits::drain`] after `shutdown`.
///
/// # Errors
/// When the listener cannot say where it listens; failures to accept are logged and tried again.
pub async fn run(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let slots = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let (draining, cut) = (CancellationToken::new(), CancellationToken::new());
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (slot, stream, peer))
        };
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = next => accepted,
        };
        let (slot, stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: without a pause this loop would take a whole core.
                tracing::warn!(%error, %address, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let connection = serve_connection(stream, peer, router.clone(), limits.clone(), draining.clone());
        let cut = cut.clone();
        connections.spawn(async move {
            let _counted = Counted::connection();
            cut.run_until_cancelled(connection).await;
            drop(slot);
        });
    }
    drop(listener);
    draining.cancel();
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(%address, connections = connections.len(), "shutdown cuts connections that did not finish");
        cut.cancel();
        connections.wait().await;
    }
    Ok(())
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ServeLimits,
    draining: CancellationToken,
) {
    // Small answers must not wait for the acknowledgement of the packet before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "a connection broke before its first request");
        return;
    }
    let pace = Arc::new(Pace::default());
    let io = TokioIo::new(PacedStream::new(stream, Arc::clone(&pace), &limits));
    let token = draining.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let busy = Pace::begin(&pace);
        let (head, body) = request.into_parts();
        let (body, was_read) = InTime::wrap(body, limits.body_timeout);
        let mut request = http::Request::from_parts(head, body);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Draining(token.clone()));
        let response = router.clone().call(request);
        async move {
            let mut response = response.await?;
            if !was_read.to_the_end() {
                // The rest of the body stands where the next request would: the client must not send one.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body: Body| Whole::new(body, busy)))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle_timeout)
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            .serve_connection(io, service)
    );
    let served = tokio::select! {
        served = &mut connection => served,
        () = draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
