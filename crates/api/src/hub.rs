//! The one reader of announcements in a process: passes them on to open pages and waiting requests.
//!
//! However many pages are open, the channel is read once. The latest news are kept, so that a page whose
//! connection broke can go on where it stopped.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::{EventChannel, EventId, Read};
use model::{Calculation, CalculationEvent, Status, Subject};
use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;

use crate::metrics::Counted;
use crate::rates::Rates;

/// So many calculations' news are kept to be replayed.
const KEPT: usize = 1_024;
/// A page may be so many news behind before it has to load everything again.
const BEHIND: usize = 1_024;
/// How long one reading waits.
const WAIT: Duration = Duration::from_secs(5);

/// Passes announcements on.
pub(crate) struct Hub {
    state: Mutex<State>,
    news: broadcast::Sender<News>,
    max_waiters: usize,
    alive: AtomicBool,
}

#[derive(Default)]
struct State {
    /// The place up to which everything was passed on; `None` until the channel was first reached.
    last: Option<EventId>,
    /// Every calculation's news after this number are in `kept`.
    complete_after: u64,
    kept: VecDeque<Arc<Event>>,
    waiters: HashMap<Subject, Vec<(u64, oneshot::Sender<Heard>)>>,
    waiting: usize,
    next_waiter: u64,
}

/// What is passed on to every open page.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// Something happened.
    Event(Arc<Event>),
    /// Something may have happened that nobody will ever hear of.
    Reset(EventId),
}

/// An announcement, written out once for everybody.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) subject: Subject,
    pub(crate) kind: Kind,
    /// The event's type and data as they are sent, without its id.
    pub(crate) text: Bytes,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A calculation stands differently.
    Calculation(Status),
    /// It is further.
    Progress,
}

/// What ends the wait for a calculation.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It came to its end.
    Final(Box<Calculation>),
    /// News were missed: look for yourself.
    Missed,
}

/// A page's place in the stream of news.
pub(crate) struct Subscription {
    pub(crate) news: broadcast::Receiver<News>,
    /// The place it begins at; `None` as long as the channel was never reached.
    pub(crate) from: Option<EventId>,
    /// What it missed since its last event.
    pub(crate) replay: Vec<Arc<Event>>,
    /// Its last event is too old or of another epoch: it has to load everything again.
    pub(crate) reset: bool,
}

impl Hub {
    pub(crate) fn new(max_waiters: usize) -> Self {
        let (news, _) = broadcast::channel(BEHIND);
        Self { state: Mutex::default(), news, max_waiters, alive: AtomicBool::new(true) }
    }

    /// Whether announcements are read, or the reading is tried again and again.
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// From now on every piece of news; after `after`, if that is given, what was missed before.
    pub(crate) fn subscribe(&self, after: Option<&EventId>) -> Subscription {
        // Under the lock under which news are published: none falls between the replay and the rest.
        let state = self.state();
        let news = self.news.subscribe();
        let from = state.last.clone();
        let Some(after) = after else { return Subscription { news, from, replay: Vec::new(), reset: false } };
        let known = state.last.as_ref().is_some_and(|last| {
            last.epoch == after.epoch && (state.complete_after..=last.number).contains(&after.number)
        });
        if !known {
            return Subscription { news, from, replay: Vec::new(), reset: true };
        }
        let replay = state.kept.iter().filter(|event| event.id.number > after.number).cloned().collect();
        Subscription { news, from: Some(after.clone()), replay, reset: false }
    }

    /// Waits for the end of a calculation from now on; `None` when as many wait as may.
    pub(crate) fn wait_for(self: &Arc<Self>, subject: &Subject) -> Option<Waiter> {
        let mut state = self.state();
        if state.waiting >= self.max_waiters {
            return None;
        }
        let (sender, heard) = oneshot::channel();
        let id = state.next_waiter;
        state.next_waiter += 1;
        state.waiting += 1;
        state.waiters.entry(subject.clone()).or_default().push((id, sender));
        Some(Waiter { hub: Arc::clone(self), subject: subject.clone(), id, heard, _counted: Counted::waiter() })
    }

    /// Reads the announcements until `shutdown`.
    pub(crate) async fn read(
        self: Arc<Self>,
        channel: Arc<dyn EventChannel>,
        rates: Arc<Rates>,
        shutdown: CancellationToken,
    ) {
        let _alive = Alive(&self.alive);
        let mut place: Option<EventId> = None;
        let mut failures = 0_u32;
        loop {
            let reading = channel.read(place.as_ref(), WAIT);
            let Some(read) = shutdown.run_until_cancelled(reading).await else { return };
            match read {
                Ok(Read::Events { events: news, last }) => {
                    self.publish(news, &last, &rates);
                    if place.is_none() || failures > 0 {
                        // What could not be read most likely could not be announced either.
                        self.miss(last.clone());
                    }
                    failures = 0;
                    place = Some(last);
                }
                Ok(Read::Gap { last }) => {
                    failures = 0;
                    tracing::warn!("announcements were missed; open pages load the record again");
                    self.miss(last.clone());
                    place = Some(last);
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(error = &error as &dyn std::error::Error, "announcements cannot be read");
                    }
                    failures = failures.saturating_add(1);
                    let pause = Duration::from_millis(100 << failures.min(4));
                    if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn publish(&self, news: Vec<(EventId, CalculationEvent)>, last: &EventId, rates: &Rates) {
        // Written out before the lock is taken.
        let news: Vec<_> = news.into_iter().map(|(id, news)| (Arc::new(Event::new(id, &news)), news)).collect();
        let now = Instant::now();
        let mut state = self.state();
        for (event, news) in news {
            state.last = Some(event.id.clone());
            if let CalculationEvent::Calculation(calculation) = news {
                state.keep(Arc::clone(&event));
                if calculation.status().is_final() {
                    rates.finished(&calculation.subject, calculation.status() == Status::Done, now);
                    state.wake(calculation);
                }
            }
            // Nobody listening is no error.
            let _ = self.news.send(News::Event(event));
        }
        state.last = Some(last.clone());
    }

    fn miss(&self, last: EventId) {
        let mut state = self.state();
        state.kept.clear();
        state.complete_after = last.number;
        state.last = Some(last.clone());
        for (_, waiter) in std::mem::take(&mut state.waiters).into_values().flatten() {
            // Whoever does not wait any more need not be told.
            let _ = waiter.send(Heard::Missed);
        }
        let _ = self.news.send(News::Reset(last));
    }

    /// No call leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, event: Arc<Event>) {
        if self.kept.len() >= KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.complete_after = oldest.id.number;
        }
        self.kept.push_back(event);
    }

    fn wake(&mut self, calculation: Box<Calculation>) {
        for (_, waiter) in self.waiters.remove(&calculation.subject).into_iter().flatten() {
            // Whoever does not wait any more need not be told.
            let _ = waiter.send(Heard::Final(calculation.clone()));
        }
    }
}

impl Event {
    fn new(id: EventId, announcement: &CalculationEvent) -> Self {
        let (kind, name, data) = match announcement {
            CalculationEvent::Calculation(calculation) => (
                Kind::Calculation(calculation.status()),
                wire::EVENT_CALCULATION,
                serde_json::to_string(&wire::CalculationBody::from(&**calculation)),
            ),
            CalculationEvent::Progress(report) => {
                (Kind::Progress, wire::EVENT_PROGRESS, serde_json::to_string(&wire::ProgressEvent::from(report)))
            }
        };
        // Structures of texts and finite numbers can always be written as JSON.
        let data = data.unwrap_or_default();
        let text = Bytes::from(format!("event: {name}\ndata: {data}\n"));
        Self { id, subject: announcement.subject().clone(), kind, text }
    }
}

/// A request that waits for a calculation's end. Dropping it ends the wait.
pub(crate) struct Waiter {
    hub: Arc<Hub>,
    subject: Subject,
    id: u64,
    heard: oneshot::Receiver<Heard>,
    _counted: Counted,
}

impl Waiter {
    /// What was heard before `deadline`.
    pub(crate) async fn heard(mut self, deadline: tokio::time::Instant) -> Option<Heard> {
        tokio::time::timeout_at(deadline, &mut self.heard).await.ok()?.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.waiting = state.waiting.saturating_sub(1);
        if let Some(waiters) = state.waiters.get_mut(&self.subject) {
            waiters.retain(|(id, _)| *id != self.id);
            if waiters.is_empty() {
                state.waiters.remove(&self.subject);
            }
        }
    }
}

/// Says that the reading has ended, even by a panic.
struct Alive<'a>(&'a AtomicBool);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
