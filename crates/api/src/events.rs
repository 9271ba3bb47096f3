//! `GET /api/events`

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use cache::EventId;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use model::{Index, Subject};
use server::Draining;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::hub::{Event, Kind, News, Subscription};
use crate::metrics::{self, Counted};
use crate::pending::{Next, Pending};
use crate::query::{Query, wrong};
use crate::state::ApiState;

/// A page may follow so many indexes.
const MAX_INDEXES: usize = 50;
/// A silent connection is kept alive so often: proxies close those that say nothing for a minute.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// `GET /api/events` streams how calculations stand, as Server-Sent Events.
///
/// The first thing sent is the present event id, so that a page which connects first and then looks at
/// the record misses nothing.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "events",
    params(
        ("index" = Option<String>, Query, description = "Only of these indexes: given several times or separated by commas, at most 50"),
        ("last-event-id" = Option<String>, Header, description = "The last event that was received; progress is not replayed"),
        ("last_event_id" = Option<String>, Query, description = "The same, for whoever cannot set headers"),
    ),
    responses(
        (status = 200, description = "Events `calculation` (a Calculation), `progress` (a ProgressEvent) and `reset` (load the record again)", body = String, content_type = "text/event-stream"),
        (status = 422, description = "A parameter is wrong", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    State(state): State<ApiState>,
    draining: Option<Extension<Draining>>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = wanted(&query)?;
    let header = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let last = match header {
        Some(id) => Some(id),
        None => query.one("last_event_id")?,
    };
    // An id that is none of ours is of another epoch for sure: the page loads everything again.
    let last = last.map(|id| id.parse().unwrap_or_else(|_| EventId { epoch: String::new(), number: 0 }));
    let subscription = state.hub.subscribe(last.as_ref());
    let ended = draining.map(|Extension(Draining(token))| token).unwrap_or_default();
    let page = Page::new(subscription, wanted, ended);
    let body = Body::from_stream(stream::unfold(page, |mut page| async move {
        Some((Ok::<_, Infallible>(page.next().await?), page))
    }));
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // nginx would otherwise collect events until a buffer is full.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((head, body).into_response())
}

fn wanted(query: &Query) -> Result<Option<HashSet<Subject>>, ApiError> {
    let mut wanted = HashSet::new();
    for text in query.all("index").flat_map(|texts| texts.split(',')) {
        let index: Index = text.parse().map_err(|_| wrong("index", text, "indexes in plain digits"))?;
        wanted.insert(index.into());
        if wanted.len() > MAX_INDEXES {
            return Err(wrong("index", text, &format!("at most {MAX_INDEXES} indexes")));
        }
    }
    Ok((!wanted.is_empty()).then_some(wanted))
}

/// One open page: what it is told, and when.
struct Page {
    news: broadcast::Receiver<News>,
    wanted: Option<HashSet<Subject>>,
    pending: Pending,
    /// The place it began at.
    from: Option<EventId>,
    /// The place up to which everything was told or is pending.
    seen: Option<EventId>,
    greeted: bool,
    spoke_at: Instant,
    ended: CancellationToken,
    _counted: Counted,
}

impl Page {
    fn new(subscription: Subscription, wanted: Option<HashSet<Subject>>, ended: CancellationToken) -> Self {
        let Subscription { news, from, replay, reset } = subscription;
        let mut page = Self {
            news,
            wanted,
            pending: Pending::default(),
            seen: from.clone(),
            from,
            greeted: false,
            spoke_at: Instant::now(),
            ended,
            _counted: Counted::watcher(),
        };
        if reset {
            page.pending.reset();
        }
        for event in replay {
            page.add(event);
        }
        page
    }

    /// What to send next; `None` at shutdown. Called only when the page has taken what came before, so
    /// that a slow page keeps nothing here but the latest of each subject.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(self.greeting());
        }
        loop {
            self.catch_up();
            let silent_until = self.spoke_at + ALIVE_EVERY;
            let until = match self.pending.next(Instant::now()) {
                Next::Event(event) => return Some(self.say(event_text(&event))),
                Next::Reset => {
                    metrics::reset();
                    return Some(self.say(self.reset_text()));
                }
                Next::At(at) => at.min(silent_until),
                Next::Nothing => silent_until,
            };
            tokio::select! {
                biased;
                () = self.ended.cancelled() => return None,
                news = self.news.recv() => self.hear(news)?,
                () = tokio::time::sleep_until(until) => {
                    if Instant::now() >= silent_until {
                        return Some(self.say(self.alive_text()));
                    }
                }
            }
        }
    }

    /// Hears what has come meanwhile, so that it is merged before anything is told.
    fn catch_up(&mut self) {
        loop {
            let news = match self.news.try_recv() {
                Ok(news) => Ok(news),
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            };
            if self.hear(news).is_none() {
                return;
            }
        }
    }

    /// `None` when nothing will ever come again.
    fn hear(&mut self, news: Result<News, RecvError>) -> Option<()> {
        match news {
            Ok(News::Event(event)) => self.add(event),
            Ok(News::Reset(place)) => {
                self.seen = Some(place);
                self.pending.reset();
            }
            // The page was too slow, and what it missed is gone.
            Err(RecvError::Lagged(_)) => self.pending.reset(),
            Err(RecvError::Closed) => return None,
        }
        Some(())
    }

    fn add(&mut self, event: Arc<Event>) {
        self.seen = Some(event.id.clone());
        if self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&event.subject)) {
            self.pending.add(event);
        }
    }

    fn say(&mut self, text: Bytes) -> Bytes {
        self.spoke_at = Instant::now();
        text
    }

    /// How soon to come back after a break, and where this begins.
    fn greeting(&self) -> Bytes {
        format!("retry: 1000\n{}\n", id_line(self.from.as_ref())).into()
    }

    fn reset_text(&self) -> Bytes {
        format!("event: {}\n{}data: {{}}\n\n", wire::EVENT_RESET, id_line(self.seen.as_ref())).into()
    }

    /// A comment, and the present place if nothing waits: a page that follows little is not too old for it later.
    fn alive_text(&self) -> Bytes {
        let seen = self.seen.as_ref().filter(|_| self.pending.is_empty());
        format!(": alive\n{}\n", id_line(seen)).into()
    }
}

fn event_text(event: &Event) -> Bytes {
    let mut text = BytesMut::from(&event.text[..]);
    // Progress is not replayed, so its place is none to come back to.
    if matches!(event.kind, Kind::Calculation(_)) {
        text.extend_from_slice(id_line(Some(&event.id)).as_bytes());
    }
    text.extend_from_slice(b"\n");
    text.freeze()
}

fn id_line(id: Option<&EventId>) -> String {
    id.map(|id| format!("id: {id}\n")).unwrap_or_default()
}
