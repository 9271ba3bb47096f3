//! The only reader of the event channel in a process: it passes events on to subscribers and waiting requests.
//!
//! The channel is read once, however many subscribers there are. Recent events are kept for replay, so that a
//! subscriber can resume after a broken connection.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::{EventId, Read};
use model::{Calculation, CalculationEvent, Status, Subject, Timestamp};
use parking_lot::Mutex;
use ports::Ports;
use server::{Share, Shares};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::store_watch::StoreWatch;
use crate::error::ApiError;
use crate::limits::WorkBacklog;
use crate::metrics::Gauged;
use crate::usage::RecentStats;

/// Number of recent calculation events kept for replay.
const EVENT_HISTORY: usize = 1_024;
/// Events a subscriber may lag before it must reload.
const SUBSCRIBER_LAG_LIMIT: usize = 1_024;
/// Time for which one read of the channel waits for an event.
const POLL_TIMEOUT: Duration = Duration::from_secs(5);

/// Passes events on.
pub(crate) struct Hub {
    state: Mutex<HubState>,
    messages: broadcast::Sender<HubMessage>,
    max_waiters: usize,
    streams: Arc<Shares>,
    backlog: Arc<WorkBacklog>,
    alive: AtomicBool,
}

#[derive(Default)]
struct HubState {
    /// The position up to which everything was passed on; `None` until the channel was first read.
    last: Option<EventId>,
    /// Every calculation event after this number is in `history`.
    complete_after: u64,
    history: VecDeque<Arc<EncodedEvent>>,
    /// The calculations in `history`.
    heard: HashMap<Subject, HeardCalculation>,
    waiters: HashMap<Subject, Vec<(u64, WaitSender)>>,
    waiting: usize,
    next_waiter: u64,
}

/// A message to every subscriber.
#[derive(Clone, Debug)]
pub(super) enum HubMessage {
    Event(Arc<EncodedEvent>),
    /// Events before this position were lost.
    Gap(EventId),
}

/// An event, encoded once for all subscribers when the first of them is sent it.
#[derive(Debug)]
pub(super) struct EncodedEvent {
    pub(super) id: EventId,
    pub(super) subject: Subject,
    pub(super) kind: EventKind,
    event: CalculationEvent,
    bytes: OnceLock<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Calculation(Status),
    Progress,
}

#[derive(Debug, Default)]
struct HeardCalculation {
    /// When its end was received; `None` if it was queued again since.
    ended_at: Option<Timestamp>,
    /// Number of its events that are kept.
    events: usize,
}

/// Why a wait for a calculation ended.
#[derive(Debug)]
pub(crate) enum WaitResult {
    /// The calculation reached a final state.
    Final(Box<Calculation>),
    /// Events were lost: read the store.
    Gap,
}

/// Where the end of a calculation is sent: to the request that waits for it, or for many.
pub(super) enum WaitSender {
    One(oneshot::Sender<WaitResult>),
    Many(mpsc::UnboundedSender<WaitResult>),
}

impl From<mpsc::UnboundedSender<WaitResult>> for WaitSender {
    fn from(sender: mpsc::UnboundedSender<WaitResult>) -> Self {
        Self::Many(sender)
    }
}

impl WaitSender {
    /// Sends a result, unless the request no longer waits.
    fn send(self, result: WaitResult) {
        match self {
            Self::One(sender) => drop(sender.send(result)),
            Self::Many(sender) => drop(sender.send(result)),
        }
    }
}

/// The start of an event stream.
pub(super) struct Subscription {
    pub(super) receiver: broadcast::Receiver<HubMessage>,
    /// The position it starts at; `None` if the channel has never been read.
    pub(super) start: Option<EventId>,
    /// Events since the subscriber's last one.
    pub(super) replay: Vec<Arc<EncodedEvent>>,
    /// The subscriber's last event is too old or of another epoch: it must load everything again.
    pub(super) reset: bool,
}

impl Hub {
    /// Creates a hub for which at most `max_waiters` requests wait at a time, with these limits of streams.
    pub(crate) fn new(max_waiters: usize, streams: Shares, backlog: Arc<WorkBacklog>) -> Self {
        let (messages, _) = broadcast::channel(SUBSCRIBER_LAG_LIMIT);
        let streams = Arc::new(streams);
        Self { state: Mutex::default(), messages, max_waiters, streams, backlog, alive: AtomicBool::new(true) }
    }

    /// Returns whether events are read, or reading is being retried.
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Takes the share of an address for one more stream.
    pub(super) fn open_stream(&self, address: IpAddr) -> Result<Share, ApiError> {
        self.streams.take(address).map_err(|error| ApiError::ShareTaken("event streams", error))
    }

    /// Subscribes to every event from now on, and to those after `after` if it is given.
    pub(super) fn subscribe(&self, after: Option<&EventId>) -> Subscription {
        // Events are published under this lock, so none falls between the replay and the receiver.
        let state = self.state.lock();
        let receiver = self.messages.subscribe();
        let start = state.last.clone();
        let Some(after) = after else { return Subscription { receiver, start, replay: Vec::new(), reset: false } };
        let can_resume = state.last.as_ref().is_some_and(|last| {
            last.epoch == after.epoch && (state.complete_after..=last.number).contains(&after.number)
        });
        if !can_resume {
            return Subscription { receiver, start, replay: Vec::new(), reset: true };
        }
        let replay = state.history.iter().filter(|event| event.id.number > after.number).cloned().collect();
        Subscription { receiver, start: Some(after.clone()), replay, reset: false }
    }

    /// Returns when the end of a calculation was received and passed on, if its events are still kept.
    pub(crate) fn announced_at(&self, subject: &Subject) -> Option<Timestamp> {
        self.state.lock().heard.get(subject)?.ended_at
    }

    /// Starts to wait for the end of a calculation; `None` above the limit of waiters.
    pub(crate) fn wait_for(self: &Arc<Self>, subject: &Subject) -> Option<Waiter> {
        let (sender, result) = oneshot::channel();
        let mut sender = Some(WaitSender::One(sender));
        let id = self.add_waiter(std::slice::from_ref(subject), || sender.take())?;
        Some(Waiter { hub: Arc::clone(self), subject: subject.clone(), id, result, _gauged: Gauged::waiter() })
    }

    /// Adds a request that waits for these subjects; returns its id, or `None` above the limit of waiters.
    pub(super) fn add_waiter(
        &self,
        subjects: &[Subject],
        mut sender: impl FnMut() -> Option<WaitSender>,
    ) -> Option<u64> {
        let mut state = self.state.lock();
        if state.waiting >= self.max_waiters {
            return None;
        }
        let id = state.next_waiter;
        state.next_waiter += 1;
        state.waiting += 1;
        for subject in subjects {
            state.waiters.entry(subject.clone()).or_default().extend(sender().map(|sender| (id, sender)));
        }
        Some(id)
    }

    /// Removes a request that waited for these subjects.
    pub(super) fn remove_waiter(&self, subjects: &[Subject], id: u64) {
        let mut state = self.state.lock();
        state.waiting = state.waiting.saturating_sub(1);
        for subject in subjects {
            if let Some(waiters) = state.waiters.get_mut(subject) {
                waiters.retain(|(waiter, _)| *waiter != id);
                if waiters.is_empty() {
                    state.waiters.remove(subject);
                }
            }
        }
    }

    /// Reads the event channel until `shutdown`.
    pub(crate) async fn read(self: Arc<Self>, ports: Ports, recent: Arc<RecentStats>, shutdown: CancellationToken) {
        let _alive = AliveGuard(&self.alive);
        let mut position: Option<EventId> = None;
        let mut failures = 0_u32;
        let mut store = StoreWatch::new(ports.incarnation.clone());
        loop {
            let read = tokio::select! {
                read = ports.events.read(position.as_ref(), POLL_TIMEOUT) => read,
                () = store.replaced() => {
                    // Subscribers may have read a calculation from the earlier server after its last event.
                    tracing::warn!("the store was replaced; subscribers load the list again");
                    self.reset();
                    continue;
                }
                () = shutdown.cancelled() => return,
            };
            match read {
                Ok(Read::Events { events, last }) => {
                    self.publish(events, &last, &recent, ports.clock.now());
                    if position.is_none() || failures > 0 {
                        // While the channel could not be read, most likely nothing could be published to it either.
                        self.mark_gap(last.clone());
                    }
                    failures = 0;
                    position = Some(last);
                }
                Ok(Read::Gap { last }) => {
                    failures = 0;
                    tracing::warn!("events were lost; subscribers load the list again");
                    self.mark_gap(last.clone());
                    position = Some(last);
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot read events; retrying");
                    }
                    failures = failures.saturating_add(1);
                    let backoff = Duration::from_millis(100 << failures.min(4));
                    if shutdown.run_until_cancelled(tokio::time::sleep(backoff)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn publish(
        &self,
        events: Vec<(EventId, CalculationEvent)>,
        last: &EventId,
        recent: &RecentStats,
        received_at: Timestamp,
    ) {
        // Allocated before the lock is taken.
        let events: Vec<_> = events.into_iter().map(|(id, event)| Arc::new(EncodedEvent::new(id, event))).collect();
        let now = Instant::now();
        let mut state = self.state.lock();
        for encoded in events {
            state.last = Some(encoded.id.clone());
            if let CalculationEvent::Calculation(calculation) = &encoded.event {
                self.backlog.follow(calculation);
                state.remember(Arc::clone(&encoded), calculation.status(), received_at);
                if calculation.status().is_final() {
                    recent.record_finished(&calculation.subject, calculation.status() == Status::Done, now);
                    state.wake(calculation);
                }
            }
            // `send` fails only if there are no subscribers.
            let _ = self.messages.send(HubMessage::Event(encoded));
        }
        state.last = Some(last.clone());
    }

    /// Makes subscribers load everything again.
    fn reset(&self) {
        let last = self.state.lock().last.clone();
        if let Some(last) = last {
            self.mark_gap(last);
        }
    }

    fn mark_gap(&self, last: EventId) {
        self.backlog.note_lost_events();
        let mut state = self.state.lock();
        state.history.clear();
        state.heard.clear();
        state.complete_after = last.number;
        state.last = Some(last.clone());
        for (_, waiter) in std::mem::take(&mut state.waiters).into_values().flatten() {
            waiter.send(WaitResult::Gap);
        }
        let _ = self.messages.send(HubMessage::Gap(last));
    }
}

impl HubState {
    fn remember(&mut self, event: Arc<EncodedEvent>, status: Status, received_at: Timestamp) {
        if self.history.len() >= EVENT_HISTORY
            && let Some(oldest) = self.history.pop_front()
        {
            self.complete_after = oldest.id.number;
            if let Some(heard) = self.heard.get_mut(&oldest.subject) {
                heard.events -= 1;
                if heard.events == 0 {
                    self.heard.remove(&oldest.subject);
                }
            }
        }
        let heard = self.heard.entry(event.subject.clone()).or_default();
        heard.events += 1;
        if status.is_final() || status == Status::Queued {
            heard.ended_at = status.is_final().then_some(received_at);
        }
        self.history.push_back(event);
    }

    fn wake(&mut self, calculation: &Calculation) {
        for (_, waiter) in self.waiters.remove(&calculation.subject).into_iter().flatten() {
            waiter.send(WaitResult::Final(Box::new(calculation.clone())));
        }
    }
}

impl EncodedEvent {
    pub(super) fn new(id: EventId, event: CalculationEvent) -> Self {
        let kind = match &event {
            CalculationEvent::Calculation(calculation) => EventKind::Calculation(calculation.status()),
            CalculationEvent::Progress(_) => EventKind::Progress,
        };
        Self { id, subject: event.subject().clone(), kind, event, bytes: OnceLock::new() }
    }

    /// Returns the event as it is sent. Progress carries no id: it is not replayed, so nothing can resume from it.
    pub(super) fn bytes(&self) -> Bytes {
        self.bytes.get_or_init(|| self.encode()).clone()
    }

    fn encode(&self) -> Bytes {
        let (name, data, id_line) = match &self.event {
            CalculationEvent::Calculation(calculation) => (
                wire::EVENT_CALCULATION,
                serde_json::to_string(&wire::CalculationBody::from(&**calculation)),
                id_line(Some(&self.id)),
            ),
            CalculationEvent::Progress(report) => {
                (wire::EVENT_PROGRESS, serde_json::to_string(&wire::ProgressEvent::from(report)), String::new())
            }
        };
        // Structures of texts and finite numbers can always be written as JSON.
        let data = data.unwrap_or_default();
        Bytes::from(format!("event: {name}\ndata: {data}\n{id_line}\n"))
    }
}

pub(super) fn id_line(id: Option<&EventId>) -> String {
    id.map(|id| format!("id: {id}\n")).unwrap_or_default()
}

/// A request that waits for the end of a calculation. Dropping it ends the wait.
pub(crate) struct Waiter {
    hub: Arc<Hub>,
    subject: Subject,
    id: u64,
    result: oneshot::Receiver<WaitResult>,
    _gauged: Gauged,
}

impl Waiter {
    /// Waits until the calculation ends, events are lost, or `deadline` (`None`).
    pub(crate) async fn wait_until(mut self, deadline: tokio::time::Instant) -> Option<WaitResult> {
        tokio::time::timeout_at(deadline, &mut self.result).await.ok()?.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.hub.remove_waiter(std::slice::from_ref(&self.subject), self.id);
    }
}

/// Marks the hub as dead when reading ends, even by a panic.
struct AliveGuard<'a>(&'a AtomicBool);

impl Drop for AliveGuard<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
