//! One connection: its requests, its timeouts and its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::connections::TableEntry;
use crate::hosts::{HostError, check_host};
use crate::limits::ServerLimits;
use crate::refusals::record_refusal_of;
use crate::request_body::TimedBody;
use crate::timed_stream::{Activity, TimedStream};

/// In the extensions of every request: cancelled when the server begins to shut down, so that endless responses
/// can end.
#[derive(Clone, Debug)]
pub struct Draining(pub CancellationToken);

/// While draining, an idle connection is closed after this time. Closing it at once would race with the next
/// request of a busy proxy, which must not send a POST twice. A response with `Connection: close` prevents that.
const KEEPALIVE_LINGER: Duration = Duration::from_millis(300);

/// Without the subdomains, which may belong to others.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(crate) async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    entry: TableEntry,
    router: Router,
    limits: Arc<ServerLimits>,
    draining: CancellationToken,
) {
    // Small responses must not wait for the acknowledgement of the previous packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "a connection broke before its first request");
        return;
    }
    let activity = Arc::clone(&entry.activity);
    let io = TokioIo::new(TimedStream::new(stream, Arc::clone(&activity), &limits));
    let token = draining.clone();
    let service_limits = Arc::clone(&limits);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let in_progress = Activity::begin_request(&activity);
        let (head, body) = request.into_parts();
        let (body, end) = TimedBody::wrap(body, service_limits.body_timeout);
        let mut request = http::Request::from_parts(head, body);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Draining(token.clone()));
        let known_hosts = service_limits.known_hosts.as_ref();
        let host = check_host(request.version(), request.uri(), request.headers(), known_hosts);
        // It may have come with a `Content-Length` too, which hyper drops; then RFC 9112, section 6.1, closes.
        let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
        let response = host.map(|()| router.clone().call(request));
        let token = token.clone();
        let is_behind_tls = service_limits.is_behind_tls;
        async move {
            let mut response = match response {
                Ok(response) => response.await?,
                Err(error) => refuse_host(&error, peer),
            };
            // An unread body would be parsed as the next request, so the connection cannot be reused.
            if !end.was_read() || is_chunked || token.is_cancelled() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if is_behind_tls {
                response.headers_mut().entry(STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
            }
            Ok::<_, Infallible>(response.map(|body: Body| in_progress.until_sent(body)))
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
        // Another connection needs the place of this idle one. A request that has just arrived is still answered.
        () = entry.close.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = draining.cancelled() => tokio::select! {
            served = &mut connection => served,
            () = tokio::time::sleep(KEEPALIVE_LINGER) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        },
    };
    if let Err(error) = served {
        if error.is_parse() {
            record_refusal_of("malformed-http", peer.ip());
        }
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

fn refuse_host(error: &HostError, peer: SocketAddr) -> Response {
    record_refusal_of("host", peer.ip());
    let status = match error {
        HostError::Malformed => StatusCode::BAD_REQUEST,
        HostError::Unknown(_) => StatusCode::MISDIRECTED_REQUEST,
    };
    (status, format!("{error}\n")).into_response()
}
