//! The listener: takes connections, bounds them, and lets them finish when the process stops.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeLimits {
    /// Connections open at the same time.
    pub(crate) connections: usize,
    /// Time to send the head of a request, from the opening of the connection or the end of the answer before.
    pub(crate) header_timeout: Duration,
    /// Time that answers under way have when the process stops.
    pub(crate) drain: Duration,
}

/// Which router answers a request.
#[derive(Clone)]
pub(crate) enum Routes {
    /// One for everything.
    One(Router),
    /// `/api` and all below it by the API, everything else by the pages.
    ApiAndPages { api: Router, pages: Router },
}

impl Routes {
    async fn answer(self, request: Request<Body>) -> Result<Response, Infallible> {
        let router = match self {
            Self::One(router) => router,
            Self::ApiAndPages { api, pages } => {
                let path = request.uri().path();
                if path == "/api" || path.starts_with("/api/") { api } else { pages }
            }
        };
        router.oneshot(request).await
    }
}

/// Serves until `stopping` is cancelled, then takes no more connections and lets answers under way finish.
///
/// Connections above the limit wait in the system's backlog. Returns at the latest `limits.drain` after
/// the cancellation; what is open then is cut off.
pub(crate) async fn serve(listener: TcpListener, routes: Routes, limits: EdgeLimits, stopping: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let open = CancellationToken::new();
    // When this future is dropped or done, whatever is still open goes with it.
    let _cut_off = open.clone().drop_guard();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stopping.cancelled() => break,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely. Trying again at once would spin until one is free.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let routes = routes.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            routes.clone().answer(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let open = open.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    // The other side's doing: gone half way, or too slow.
                    tracing::debug!(%error, %peer, "a connection broke off");
                },
                () = open.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections that were still open after {:?} are cut off", limits.drain);
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Events are small and wanted at once.
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn limits() -> EdgeLimits {
        EdgeLimits { connections: 10, header_timeout: PATIENCE, drain: PATIENCE }
    }

    fn text(answer: &'static str) -> Router {
        Router::new().fallback(get(move || async move { answer }))
    }

    async fn start(routes: Routes, limits: EdgeLimits) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stopping = CancellationToken::new();
        (address, stopping.clone(), tokio::spawn(serve(listener, routes, limits, stopping)))
    }

    async fn ask(address: SocketAddr, head: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("text");
        answer
    }

    #[tokio::test]
    async fn the_api_answers_below_its_path_and_the_pages_everywhere_else() {
        let routes = Routes::ApiAndPages { api: text("from the api"), pages: text("from the pages") };
        let (address, ..) = start(routes, limits()).await;
        for (path, who) in [
            ("/api", "from the api"),
            ("/api/calculations", "from the api"),
            ("/", "from the pages"),
            ("/apiary", "from the pages"),
            ("/n/api/", "from the pages"),
        ] {
            let answer = ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            assert!(answer.ends_with(who), "{path}: {answer}");
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_the_connection() {
        let limits = EdgeLimits { header_timeout: Duration::from_millis(20), ..limits() };
        let (address, ..) = start(Routes::One(text("never")), limits).await;
        assert_eq!(ask(address, "GET / HTTP/1.1\r\nHos").await, "");
    }

    #[tokio::test]
    async fn an_answer_under_way_is_finished_before_it_stops() {
        let gate = Arc::new(Semaphore::new(0));
        let (reached, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
        let waits = Arc::clone(&gate);
        let router = Router::new().fallback(get(move || async move {
            reached.send(()).expect("the test waits");
            waits.acquire().await.expect("never closed").forget();
            "finished"
        }));
        let (address, stopping, served) = start(Routes::One(router), limits()).await;
        let answer = tokio::spawn(async move { ask(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await });
        timeout(PATIENCE, arrivals.recv()).await.expect("in time").expect("it arrives");
        stopping.cancel();
        gate.add_permits(1);
        assert!(timeout(PATIENCE, answer).await.expect("in time").expect("no panic").ends_with("finished"));
        timeout(PATIENCE, served).await.expect("it stops").expect("no panic");
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_is_cut_off() {
        let router = Router::new().fallback(get(|| std::future::pending::<&str>()));
        let limits = EdgeLimits { drain: Duration::from_millis(20), ..limits() };
        let (address, stopping, served) = start(Routes::One(router), limits).await;
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        stopping.cancel();
        timeout(PATIENCE, served).await.expect("it stops").expect("no panic");
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is closed").ok();
        assert!(rest.is_empty());
    }

    #[tokio::test]
    async fn connections_above_the_limit_wait_for_a_place() {
        let limits = EdgeLimits { connections: 1, ..limits() };
        let (address, ..) = start(Routes::One(text("served")), limits).await;
        let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut first = TcpStream::connect(address).await.expect("it listens");
        first.write_all(head).await.expect("sent");
        first.read_u8().await.expect("an answer: it has the one place");
        let mut second = TcpStream::connect(address).await.expect("the system takes it");
        second.write_all(head).await.expect("sent");
        timeout(Duration::from_millis(100), second.read_u8()).await.expect_err("nobody serves it yet");
        drop(first);
        timeout(PATIENCE, second.read_u8()).await.expect("in time").expect("an answer");
    }
}
