//! `GET /api/events`

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use cache::EventId;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use model::Index;
use server::Draining;

use super::hub::Hub;
use super::stream::{EventFilter, EventStream};
use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::{ClientIp, parse_subject};

/// Subjects that one subscriber may follow.
const MAX_SUBJECTS: usize = 50;

/// `GET /api/events` streams the states of calculations as Server-Sent Events.
///
/// The first thing sent is the current event id: a page that connects first and then reads the list misses
/// nothing.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "events",
    params(
        ("index" = Option<String>, Query, description = "Only these indexes of F(n): given several times or separated by commas; all if neither is given, with subjects at most 50"),
        ("subject" = Option<String>, Query, description = "Only these subjects: given several times"),
        ("show" = Option<String>, Query, description = "`all`: every subject, not F(n) alone; not with `index` or `subject`"),
        ("last-event-id" = Option<String>, Header, description = "The last event that was received; progress is not replayed"),
        ("last_event_id" = Option<String>, Query, description = "The same, for clients that cannot set headers"),
    ),
    responses(
        (status = 200, description = "Events `calculation` (a Calculation), `progress` (a ProgressEvent) and `reset` (load the list again)", body = String, content_type = "text/event-stream"),
        (status = 422, description = "A parameter is invalid", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address has too many streams; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    State(hub): State<Arc<Hub>>,
    ClientIp(address): ClientIp,
    draining: Option<Extension<Draining>>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let filter = filter(&query)?;
    let last = match headers.get("last-event-id") {
        Some(id) => Some(id.to_str().unwrap_or_default()),
        None => query.one("last_event_id")?,
    };
    // A malformed id belongs to no epoch, so the subscriber loads everything again.
    let last = last.map(|id| id.parse().unwrap_or_else(|_| EventId { epoch: String::new(), number: 0 }));
    let share = hub.open_stream(address)?;
    let draining = draining.map(|Extension(Draining(token))| token).unwrap_or_default();
    let events = EventStream::new(hub.subscribe(last.as_ref()), filter, draining, share);
    let body = Body::from_stream(stream::unfold(events, |mut events| async move {
        Some((Ok::<_, Infallible>(events.next().await?), events))
    }));
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // Otherwise nginx collects events until a buffer is full.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((head, body).into_response())
}

fn filter(query: &QueryParams) -> Result<EventFilter, ApiError> {
    let mut subjects = HashSet::new();
    for text in query.all("index").flat_map(|texts| texts.split(',')) {
        let index: Index = text.parse().map_err(|_| invalid_parameter("index", text, "indexes in plain digits"))?;
        subjects.insert(index.into());
        if subjects.len() > MAX_SUBJECTS {
            return Err(invalid_parameter("index", text, &format!("at most {MAX_SUBJECTS} indexes")));
        }
    }
    for text in query.all("subject") {
        subjects.insert(parse_subject(text)?);
        if subjects.len() > MAX_SUBJECTS {
            return Err(invalid_parameter("subject", text, &format!("at most {MAX_SUBJECTS} subjects")));
        }
    }
    match query.one("show")? {
        Some(given) if !subjects.is_empty() => {
            Err(invalid_parameter("show", given, "none together with `index` or `subject`"))
        }
        Some("all") => Ok(EventFilter::All),
        Some(given) => Err(invalid_parameter("show", given, "all")),
        None if subjects.is_empty() => Ok(EventFilter::Numbers),
        None => Ok(EventFilter::Subjects(subjects)),
    }
}
