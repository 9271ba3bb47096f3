//! The event stream of one subscriber.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cache::EventId;
use model::Subject;
use server::Share;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::buffer::{NextEvent, SubscriberBuffer};
use super::hub::{EncodedEvent, HubMessage, Subscription, id_line};
use crate::metrics::{self, Gauged};

/// Interval of comments on a silent stream: proxies close connections that send nothing for a minute.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// How much longer a stream may wait before it sends what has arrived, for each stream that is open: with 2,048 up to
/// 205 ms, with ten up to 1 ms. Otherwise each event would be a write to all of them in the same moment.
const PACE: Duration = Duration::from_micros(100);

/// The events of one subscriber: which ones, and when.
pub(super) struct EventStream {
    receiver: broadcast::Receiver<HubMessage>,
    filter: EventFilter,
    buffer: SubscriberBuffer,
    /// Where the stream starts.
    start: Option<EventId>,
    /// Everything up to here was sent or is buffered.
    position: Option<EventId>,
    sent_hello: bool,
    last_write: Instant,
    draining: CancellationToken,
    /// The part of the longest wait that this stream waits, from 0 to 1. Streams differ, so that they do not all send in
    /// the same moment.
    pace: f64,
    share: Share,
    _gauged: Gauged,
}

/// What a subscriber receives.
pub(super) enum EventFilter {
    /// Only these subjects.
    Subjects(HashSet<Subject>),
    /// F(n) for every n. Clients that know nothing else never meet other subjects.
    Numbers,
    /// Every subject.
    All,
}

impl EventStream {
    pub(super) fn new(
        subscription: Subscription,
        filter: EventFilter,
        draining: CancellationToken,
        share: Share,
    ) -> Self {
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let Subscription { receiver, start, replay, reset } = subscription;
        let mut stream = Self {
            receiver,
            filter,
            buffer: SubscriberBuffer::default(),
            position: start.clone(),
            start,
            sent_hello: false,
            last_write: Instant::now(),
            draining,
            pace: pace_of(STREAMS.fetch_add(1, Ordering::Relaxed)),
            share,
            _gauged: Gauged::event_stream(),
        };
        if reset {
            stream.buffer.reset();
        }
        for event in replay {
            stream.add(event);
        }
        stream
    }

    /// Returns the next piece to send; `None` at shutdown.
    ///
    /// Called only after the client has taken the previous piece, so a slow client buffers no more than the latest event
    /// of each subject.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        if !self.sent_hello {
            self.sent_hello = true;
            return Some(self.hello());
        }
        loop {
            self.drain();
            let keepalive_at = self.last_write + KEEPALIVE_INTERVAL;
            let wake_at = match self.buffer.next(Instant::now()) {
                NextEvent::Event(event) => return Some(self.send(event.bytes())),
                NextEvent::Reset => {
                    metrics::record_reset();
                    return Some(self.send(self.reset_bytes()));
                }
                NextEvent::NotBefore(at) => at.min(keepalive_at),
                NextEvent::Nothing => keepalive_at,
            };
            tokio::select! {
                biased;
                () = self.draining.cancelled() => return None,
                message = self.receiver.recv() => {
                    self.receive(message)?;
                    let pace = self.pace();
                    // Timers have whole milliseconds.
                    if pace >= Duration::from_millis(1) {
                        self.draining.run_until_cancelled(tokio::time::sleep(pace)).await?;
                    }
                }
                () = tokio::time::sleep_until(wake_at) => {
                    if Instant::now() >= keepalive_at {
                        return Some(self.send(self.keepalive_bytes()));
                    }
                }
            }
        }
    }

    /// Returns how long to wait before sending what has arrived.
    fn pace(&self) -> Duration {
        let open = u32::try_from(self.share.open()).unwrap_or(u32::MAX);
        PACE.saturating_mul(open).mul_f64(self.pace)
    }

    /// Buffers everything that has arrived, so that it is coalesced before anything is sent.
    fn drain(&mut self) {
        loop {
            let message = match self.receiver.try_recv() {
                Ok(message) => Ok(message),
                Err(TryRecvError::Lagged(lag)) => Err(RecvError::Lagged(lag)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            };
            if self.receive(message).is_none() {
                return;
            }
        }
    }

    /// Returns `None` when the hub is gone.
    fn receive(&mut self, message: Result<HubMessage, RecvError>) -> Option<()> {
        match message {
            Ok(HubMessage::Event(event)) => self.add(event),
            Ok(HubMessage::Gap(last)) => {
                self.position = Some(last);
                self.buffer.reset();
            }
            Err(RecvError::Lagged(_)) => self.buffer.reset(),
            Err(RecvError::Closed) => return None,
        }
        Some(())
    }

    fn add(&mut self, event: Arc<EncodedEvent>) {
        self.position = Some(event.id.clone());
        let is_wanted = match &self.filter {
            EventFilter::Subjects(subjects) => subjects.contains(&event.subject),
            EventFilter::Numbers => event.subject.fibonacci_index().is_some(),
            EventFilter::All => true,
        };
        if is_wanted {
            self.buffer.add(event);
        }
    }

    fn send(&mut self, bytes: Bytes) -> Bytes {
        self.last_write = Instant::now();
        bytes
    }

    /// Returns the first piece: the time to wait before reconnecting, and the start of this stream.
    fn hello(&self) -> Bytes {
        format!("retry: 1000\n{}\n", id_line(self.start.as_ref())).into()
    }

    fn reset_bytes(&self) -> Bytes {
        format!("event: {}\n{}data: {{}}\n\n", wire::EVENT_RESET, id_line(self.position.as_ref())).into()
    }

    /// A comment. It carries the position if nothing is buffered, so that the id of a subscriber whose subjects
    /// are silent does not become too old to resume from.
    fn keepalive_bytes(&self) -> Bytes {
        let position = self.position.as_ref().filter(|_| self.buffer.is_empty());
        format!(": alive\n{}\n", id_line(position)).into()
    }
}

/// Returns the pace of a stream by its number. Those of any successive ones are evenly spread: they are the multiples of
/// the golden ratio modulo 1.
fn pace_of(stream: u64) -> f64 {
    let turned = stream.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    f64::from(u32::try_from(turned).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successive_streams_wait_evenly_spread_parts_of_the_pace() {
        let mut paces: Vec<f64> = (1_000..1_100).map(pace_of).collect();
        paces.sort_by(f64::total_cmp);
        assert!(paces.first().is_some_and(|first| *first >= 0.0) && paces.last().is_some_and(|last| *last <= 1.0));
        let widest = paces.array_windows().map(|[a, b]| b - a).fold(0.0, f64::max);
        assert!(widest < 0.03, "a gap of {widest}");
    }
}
