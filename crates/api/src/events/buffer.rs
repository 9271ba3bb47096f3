//! Per-subscriber event buffer: coalesces events by subject and limits the rate of delivery.
//!
//! A subscriber gets at most 20 events in any second, and at most four of progress per subject. Faster events are
//! coalesced, so that the last state is always sent. Above [`MAX_SUBJECTS`] the buffer becomes one reset.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::Subject;
use tokio::time::Instant;

use super::hub::{EncodedEvent, EventKind};

/// Events in any second.
const EVENTS_PER_SECOND: usize = 20;
const SECOND: Duration = Duration::from_secs(1);
/// Between two events of progress of one subject.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// Subjects with a buffered event.
const MAX_SUBJECTS: usize = 256;
/// Between two resets: time to load the list again.
const RESET_INTERVAL: Duration = Duration::from_secs(1);

/// The events of one subscriber that are not sent yet.
#[derive(Default)]
pub(super) struct SubscriberBuffer {
    /// Calculation events by number, so that the last event id never skips a buffered one.
    calculations: BTreeMap<u64, Arc<EncodedEvent>>,
    numbers: HashMap<Subject, u64>,
    progress: HashMap<Subject, Arc<EncodedEvent>>,
    progress_sent_at: HashMap<Subject, Instant>,
    sent_at: VecDeque<Instant>,
    /// A reset is pending. It stands for everything that was buffered.
    reset: bool,
    last_reset: Option<Instant>,
}

/// The next thing to send to a subscriber.
#[derive(Debug)]
pub(super) enum NextEvent {
    Event(Arc<EncodedEvent>),
    /// Tell the subscriber to load everything again.
    Reset,
    /// Something is buffered, but must not be sent before this time.
    NotBefore(Instant),
    Nothing,
}

impl SubscriberBuffer {
    /// Adds an event, replacing a buffered one of the same subject.
    pub(super) fn add(&mut self, event: Arc<EncodedEvent>) {
        if self.reset {
            return;
        }
        match event.kind {
            EventKind::Calculation(_) => {
                self.progress.remove(&event.subject);
                if let Some(replaced) = self.numbers.insert(event.subject.clone(), event.id.number) {
                    self.calculations.remove(&replaced);
                }
                self.calculations.insert(event.id.number, event);
            }
            EventKind::Progress => {
                self.progress.insert(event.subject.clone(), event);
            }
        }
        if self.calculations.len() + self.progress.len() > MAX_SUBJECTS {
            self.reset();
        }
    }

    /// Replaces everything that is buffered by a reset.
    pub(super) fn reset(&mut self) {
        self.calculations.clear();
        self.numbers.clear();
        self.progress.clear();
        self.reset = true;
    }

    /// Takes the next event that may be sent at `now`.
    pub(super) fn next(&mut self, now: Instant) -> NextEvent {
        if !self.reset && self.calculations.is_empty() && self.progress.is_empty() {
            return NextEvent::Nothing;
        }
        while self.sent_at.front().is_some_and(|sent| now.saturating_duration_since(*sent) >= SECOND) {
            self.sent_at.pop_front();
        }
        if self.sent_at.len() >= EVENTS_PER_SECOND
            && let Some(oldest) = self.sent_at.front()
        {
            return NextEvent::NotBefore(*oldest + SECOND);
        }
        if self.reset {
            return self.next_reset(now);
        }
        if let Some((_, event)) = self.calculations.pop_first() {
            self.numbers.remove(&event.subject);
            if matches!(event.kind, EventKind::Calculation(status) if status.is_final()) {
                self.progress_sent_at.remove(&event.subject);
            }
            self.sent_at.push_back(now);
            return NextEvent::Event(event);
        }
        self.next_progress(now)
    }

    /// Returns whether no calculation event and no reset is buffered.
    pub(super) fn is_empty(&self) -> bool {
        !self.reset && self.calculations.is_empty()
    }

    fn next_reset(&mut self, now: Instant) -> NextEvent {
        let allowed_at = self.last_reset.map(|last| last + RESET_INTERVAL);
        if let Some(at) = allowed_at.filter(|at| *at > now) {
            return NextEvent::NotBefore(at);
        }
        self.reset = false;
        self.last_reset = Some(now);
        self.sent_at.push_back(now);
        NextEvent::Reset
    }

    fn next_progress(&mut self, now: Instant) -> NextEvent {
        self.progress_sent_at.retain(|_, sent| now.saturating_duration_since(*sent) < PROGRESS_INTERVAL);
        let allowed_at =
            |subject: &Subject| self.progress_sent_at.get(subject).map_or(now, |sent| *sent + PROGRESS_INTERVAL);
        let first = self.progress.values().min_by_key(|event| (allowed_at(&event.subject), event.id.number)).cloned();
        let Some(event) = first else { return NextEvent::Nothing };
        let at = allowed_at(&event.subject);
        if at > now {
            return NextEvent::NotBefore(at);
        }
        self.progress.remove(&event.subject);
        self.progress_sent_at.insert(event.subject.clone(), now);
        self.sent_at.push_back(now);
        NextEvent::Event(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::EventId;
    use model::{CalculationEvent, Index, Progress, ProgressReport, Status};

    fn event(number: u64, n: i64, kind: EventKind) -> Arc<EncodedEvent> {
        let id = EventId { epoch: "e".to_owned(), number };
        // Only the kind decides.
        let report = ProgressReport { subject: Index::new(n).into(), progress: Progress::default() };
        let mut event = EncodedEvent::new(id, CalculationEvent::Progress(report));
        event.kind = kind;
        Arc::new(event)
    }

    const RUNNING: EventKind = EventKind::Calculation(Status::Running);
    const DONE: EventKind = EventKind::Calculation(Status::Done);

    fn sent(buffer: &mut SubscriberBuffer, now: Instant) -> Vec<(u64, EventKind)> {
        std::iter::from_fn(|| match buffer.next(now) {
            NextEvent::Event(event) => Some((event.id.number, event.kind)),
            NextEvent::Reset | NextEvent::NotBefore(_) | NextEvent::Nothing => None,
        })
        .collect()
    }

    #[test]
    fn the_last_state_of_each_subject_is_sent_in_order() {
        let mut buffer = SubscriberBuffer::default();
        for (number, n, kind) in
            [(1, 7, RUNNING), (2, 8, RUNNING), (3, 7, EventKind::Progress), (4, 7, DONE), (5, 8, EventKind::Progress)]
        {
            buffer.add(event(number, n, kind));
        }
        assert_eq!(sent(&mut buffer, Instant::now()), [(2, RUNNING), (4, DONE), (5, EventKind::Progress)]);
        assert!(matches!(buffer.next(Instant::now()), NextEvent::Nothing));
    }

    #[test]
    fn at_most_twenty_events_are_sent_in_any_second() {
        let mut buffer = SubscriberBuffer::default();
        let now = Instant::now();
        for number in 1..=50 {
            buffer.add(event(number, number.cast_signed(), DONE));
        }
        assert_eq!(sent(&mut buffer, now).len(), 20);
        assert!(matches!(buffer.next(now), NextEvent::NotBefore(at) if at == now + SECOND));
        assert_eq!(sent(&mut buffer, now + SECOND / 2).len(), 0);
        assert_eq!(sent(&mut buffer, now + SECOND).len(), 20);
        assert_eq!(sent(&mut buffer, now + 2 * SECOND).len(), 10);
    }

    #[test]
    fn progress_of_a_subject_is_sent_four_times_a_second_and_is_the_latest() {
        let mut buffer = SubscriberBuffer::default();
        let start = Instant::now();
        let mut numbers = Vec::new();
        for step in 0..200_u32 {
            buffer.add(event(u64::from(step), 7, EventKind::Progress));
            numbers.extend(sent(&mut buffer, start + step * Duration::from_millis(10)));
        }
        let numbers: Vec<u64> = numbers.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [0, 25, 50, 75, 100, 125, 150, 175]);
    }

    #[test]
    fn too_many_subjects_become_one_reset_and_resets_are_rare() {
        let mut buffer = SubscriberBuffer::default();
        let now = Instant::now();
        for number in 0..10_000 {
            buffer.add(event(number, number.cast_signed(), DONE));
        }
        assert!(matches!(buffer.next(now), NextEvent::Reset));
        assert!(matches!(buffer.next(now), NextEvent::Nothing));
        buffer.reset();
        assert!(matches!(buffer.next(now + SECOND / 2), NextEvent::NotBefore(at) if at == now + RESET_INTERVAL));
        buffer.add(event(1, 1, DONE));
        assert!(matches!(buffer.next(now + SECOND), NextEvent::Reset));
        assert!(buffer.is_empty());
    }
}
