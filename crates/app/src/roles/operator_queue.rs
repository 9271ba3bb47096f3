//! The internal routes behind `abaci queue`: reading and cancelling unfinished work.
//!
//! They answer programs on this machine only, because `ABACI_INTERNAL_LISTEN` may be reachable in a private network, and
//! no proxy and no browser, which would let others in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use model::{CalculationEvent, CalculationId, Lane, Status, Subject, Submitter, Timestamp};
use ports::Ports;
use serde::{Deserialize, Serialize};
use store::UnfinishedFilter;

/// Rows of one response, and of one transaction that cancels.
pub(crate) const PAGE_ROWS: u32 = 500;
/// The path that reads.
pub(crate) const QUEUE_PATH: &str = "/queue";
/// The path that cancels.
pub(crate) const CANCEL_PATH: &str = "/queue/cancel";

/// The query of `GET /queue`: which work, and the id after which the page begins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueQuery {
    pub(crate) lane: Option<Lane>,
    pub(crate) status: Option<Status>,
    pub(crate) submitter: Option<Submitter>,
    pub(crate) min_index: Option<u64>,
    pub(crate) older_than_seconds: Option<u64>,
    pub(crate) after: Option<i64>,
}

/// A page of unfinished work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct QueuePage {
    pub(crate) calculations: Vec<QueueEntry>,
    /// The id after which the next page begins; null on the last one.
    pub(crate) next: Option<i64>,
}

/// One queued or running calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct QueueEntry {
    /// The path of the subject: the n of F(n), or another subject.
    pub(crate) index: String,
    pub(crate) status: Status,
    pub(crate) lane: Lane,
    /// Seconds since it was last queued.
    pub(crate) age_seconds: u64,
    /// The estimated work on one core.
    pub(crate) work_seconds: f64,
    pub(crate) submitter: Option<Submitter>,
}

/// The body of `POST /queue/cancel`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelRequest {
    /// The paths of subjects.
    pub(crate) indexes: Vec<String>,
}

/// The response to `POST /queue/cancel`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CancelResponse {
    /// The paths of subjects.
    pub(crate) cancelled: Vec<String>,
}

/// Returns the routes. `listen` is the address of the internal listener.
pub(super) fn operator_queue(ports: Ports, listen: SocketAddr) -> Router {
    Router::new()
        .route(QUEUE_PATH, get(read))
        .route(CANCEL_PATH, post(cancel))
        .layer(from_fn_with_state(listen, refuse_others))
        .with_state(ports)
}

/// `GET /queue` returns a page of the queued and running calculations, in order of first submission.
async fn read(State(ports): State<Ports>, Query(query): Query<QueueQuery>) -> Result<Json<QueuePage>, Response> {
    let now = ports.clock.now();
    let age =
        |seconds: u64| Timestamp::from_unix_ms(now.unix_ms().saturating_sub_unsigned(seconds.saturating_mul(1_000)));
    let filter = UnfinishedFilter {
        lane: query.lane,
        status: query.status,
        submitter: query.submitter,
        min_index: query.min_index,
        queued_before: query.older_than_seconds.map(age),
    };
    let after = query.after.map(CalculationId);
    let rows = ports.store.unfinished_work(&filter, after, PAGE_ROWS).await.map_err(unavailable)?;
    let next = rows.last().filter(|_| rows.len() == PAGE_ROWS as usize).map(|row| row.id.0);
    let calculations = rows.into_iter().map(|row| QueueEntry {
        index: row.subject.path(),
        status: row.status,
        lane: row.lane,
        age_seconds: now.since(row.queued_at).as_secs(),
        work_seconds: work(&row.subject).as_secs_f64(),
        submitter: row.submitter,
    });
    Ok(Json(QueuePage { calculations: calculations.collect(), next }))
}

/// `POST /queue/cancel` cancels queued and running calculations, whatever tokens they have.
async fn cancel(
    State(ports): State<Ports>,
    Json(request): Json<CancelRequest>,
) -> Result<Json<CancelResponse>, Response> {
    if request.indexes.len() > PAGE_ROWS as usize {
        let detail = format!("expected at most {PAGE_ROWS} indexes, got {}\n", request.indexes.len());
        return Err((StatusCode::UNPROCESSABLE_ENTITY, detail).into_response());
    }
    let subjects = request.indexes.iter().map(|path| Subject::from_path(path)).collect::<Result<Vec<_>, _>>();
    let subjects =
        subjects.map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response())?;
    let cancelled = ports.store.cancel(&subjects, ports.clock.now()).await.map_err(unavailable)?;
    let indexes: Vec<String> = cancelled.iter().map(|calculation| calculation.subject.path()).collect();
    let first = indexes.first();
    tracing::info!(cancelled = indexes.len(), first, "an operator cancelled work");
    let events: Vec<_> = cancelled.into_iter().map(|row| CalculationEvent::Calculation(Box::new(row))).collect();
    // The workers find the rows ended in the store; subscribers that miss an event load the list again.
    if let Err(error) = ports.events.publish_batch(&events).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot announce cancelled calculations");
    }
    Ok(Json(CancelResponse { cancelled: indexes }))
}

fn work(subject: &Subject) -> Duration {
    calculator::estimate(subject).work
}

fn unavailable(error: store::StoreError) -> Response {
    tracing::warn!(error = &error as &dyn std::error::Error, "cannot read or cancel queued work");
    (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
}

/// Refuses everything that does not come from a program on this machine.
async fn refuse_others(
    State(listen): State<SocketAddr>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match check_origin(peer.ip(), listen.ip(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => {
            tracing::warn!(%peer, reason, "refused access to the queue");
            (StatusCode::FORBIDDEN, format!("{reason}\n")).into_response()
        }
    }
}

fn check_origin(peer: IpAddr, listen: IpAddr, headers: &HeaderMap) -> Result<(), &'static str> {
    let peer = peer.to_canonical();
    if !peer.is_loopback() && peer != listen.to_canonical() {
        return Err("the queue is open to programs on this machine only");
    }
    if headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED) {
        return Err("the queue is not open to proxies");
    }
    // A page of any site can resolve its own name to this address, and then counts as the same site.
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let is_address = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || host == "localhost";
    if headers.contains_key(header::ORIGIN) || !host.is_some_and(|authority| is_address(authority.host())) {
        return Err("the queue is not open to browsers: expected an IP address as host, and no origin");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_on_this_machine_get_in() {
        let check = |peer: &str, listen: &str, headers: &[(&'static str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().expect("a header value")));
            check_origin(peer.parse().expect("a peer"), listen.parse().expect("an address"), &headers.collect())
        };
        let host = ("host", "127.0.0.1:9051");
        assert_eq!(check("127.0.0.1", "127.0.0.1", &[host]), Ok(()));
        assert_eq!(check("127.0.0.1", "0.0.0.0", &[("host", "localhost:9050")]), Ok(()));
        assert_eq!(check("::ffff:127.0.0.1", "::", &[("host", "[::1]:9050")]), Ok(()));
        assert_eq!(check("10.0.0.5", "10.0.0.5", &[("host", "10.0.0.5:9050")]), Ok(()));
        for (peer, listen, headers) in [
            ("10.0.0.6", "10.0.0.5", &[host][..]),
            ("10.0.0.6", "0.0.0.0", &[host]),
            ("127.0.0.1", "127.0.0.1", &[("host", "evil.example:9051")]),
            ("127.0.0.1", "127.0.0.1", &[]),
            ("127.0.0.1", "127.0.0.1", &[host, ("origin", "http://127.0.0.1:9051")]),
            ("127.0.0.1", "127.0.0.1", &[host, ("x-forwarded-for", "127.0.0.1")]),
            ("127.0.0.1", "127.0.0.1", &[host, ("forwarded", "for=127.0.0.1")]),
        ] {
            assert!(check(peer, listen, headers).is_err(), "{peer} {listen} {headers:?}");
        }
    }
}
