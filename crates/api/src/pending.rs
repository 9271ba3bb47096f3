//! What one open page has not been told yet: of each subject the latest, and not too much of it.
//!
//! A page gets at most 20 events in any second, and at most four of progress for each subject. What
//! comes faster is merged, so that the last state is always told. When too many subjects wait, the page
//! is told to load everything instead.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::Subject;
use tokio::time::Instant;

use crate::hub::{Event, Kind};

/// Events in any second.
const PER_SECOND: usize = 20;
const SECOND: Duration = Duration::from_secs(1);
/// Between two events of progress for one subject.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// Subjects that may wait.
const MAX_SUBJECTS: usize = 256;
/// Between two resets: whoever loads everything should have the time to.
const RESET_EVERY: Duration = Duration::from_secs(1);

/// What waits to be told to one page.
#[derive(Default)]
pub(crate) struct Pending {
    /// News of calculations by their number, so that a page's last event id never skips one that waits.
    calculations: BTreeMap<u64, Arc<Event>>,
    numbers: HashMap<Subject, u64>,
    progress: HashMap<Subject, Arc<Event>>,
    progress_told: HashMap<Subject, Instant>,
    told: VecDeque<Instant>,
    /// A reset waits, and with it nothing else.
    reset: bool,
    last_reset: Option<Instant>,
}

/// What to tell a page next.
#[derive(Debug)]
pub(crate) enum Next {
    /// This.
    Event(Arc<Event>),
    /// To load everything again.
    Reset,
    /// Something, but not before then.
    At(Instant),
    /// Nothing.
    Nothing,
}

impl Pending {
    /// Adds an event, in place of what waits for the same subject.
    pub(crate) fn add(&mut self, event: Arc<Event>) {
        if self.reset {
            return;
        }
        match event.kind {
            Kind::Calculation(_) => {
                self.progress.remove(&event.subject);
                if let Some(before) = self.numbers.insert(event.subject.clone(), event.id.number) {
                    self.calculations.remove(&before);
                }
                self.calculations.insert(event.id.number, event);
            }
            Kind::Progress => {
                self.progress.insert(event.subject.clone(), event);
            }
        }
        if self.calculations.len() + self.progress.len() > MAX_SUBJECTS {
            self.reset();
        }
    }

    /// Everything has to be loaded again: what waits is part of that.
    pub(crate) fn reset(&mut self) {
        self.calculations.clear();
        self.numbers.clear();
        self.progress.clear();
        self.reset = true;
    }

    /// Takes what may be told now.
    pub(crate) fn next(&mut self, now: Instant) -> Next {
        if !self.reset && self.calculations.is_empty() && self.progress.is_empty() {
            return Next::Nothing;
        }
        while self.told.front().is_some_and(|told| now.saturating_duration_since(*told) >= SECOND) {
            self.told.pop_front();
        }
        if self.told.len() >= PER_SECOND
            && let Some(oldest) = self.told.front()
        {
            return Next::At(*oldest + SECOND);
        }
        if self.reset {
            return self.next_reset(now);
        }
        if let Some((_, event)) = self.calculations.pop_first() {
            self.numbers.remove(&event.subject);
            if matches!(event.kind, Kind::Calculation(status) if status.is_final()) {
                self.progress_told.remove(&event.subject);
            }
            self.told.push_back(now);
            return Next::Event(event);
        }
        self.next_progress(now)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        !self.reset && self.calculations.is_empty()
    }

    fn next_reset(&mut self, now: Instant) -> Next {
        let allowed_at = self.last_reset.map(|last| last + RESET_EVERY);
        if let Some(at) = allowed_at.filter(|at| *at > now) {
            return Next::At(at);
        }
        self.reset = false;
        self.last_reset = Some(now);
        self.told.push_back(now);
        Next::Reset
    }

    fn next_progress(&mut self, now: Instant) -> Next {
        self.progress_told.retain(|_, told| now.saturating_duration_since(*told) < PROGRESS_EVERY);
        let allowed_at = |subject: &Subject| self.progress_told.get(subject).map_or(now, |told| *told + PROGRESS_EVERY);
        let first = self.progress.values().min_by_key(|event| (allowed_at(&event.subject), event.id.number)).cloned();
        let Some(event) = first else { return Next::Nothing };
        let at = allowed_at(&event.subject);
        if at > now {
            return Next::At(at);
        }
        self.progress.remove(&event.subject);
        self.progress_told.insert(event.subject.clone(), now);
        self.told.push_back(now);
        Next::Event(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cache::EventId;
    use model::{Index, Status};

    fn event(number: u64, n: i64, kind: Kind) -> Arc<Event> {
        let id = EventId { epoch: "e".to_owned(), number };
        Arc::new(Event { id, subject: Index::new(n).into(), kind, text: Bytes::new() })
    }

    const RUNNING: Kind = Kind::Calculation(Status::Running);
    const DONE: Kind = Kind::Calculation(Status::Done);

    fn told(pending: &mut Pending, now: Instant) -> Vec<(u64, Kind)> {
        std::iter::from_fn(|| match pending.next(now) {
            Next::Event(event) => Some((event.id.number, event.kind)),
            Next::Reset | Next::At(_) | Next::Nothing => None,
        })
        .collect()
    }

    #[test]
    fn of_each_subject_the_last_state_is_told_in_the_order_of_numbers() {
        let mut pending = Pending::default();
        for (number, n, kind) in
            [(1, 7, RUNNING), (2, 8, RUNNING), (3, 7, Kind::Progress), (4, 7, DONE), (5, 8, Kind::Progress)]
        {
            pending.add(event(number, n, kind));
        }
        assert_eq!(told(&mut pending, Instant::now()), [(2, RUNNING), (4, DONE), (5, Kind::Progress)]);
        assert!(matches!(pending.next(Instant::now()), Next::Nothing));
    }

    #[test]
    fn in_no_second_more_than_twenty_events_are_told() {
        let mut pending = Pending::default();
        let now = Instant::now();
        for number in 1..=50 {
            pending.add(event(number, number.cast_signed(), DONE));
        }
        assert_eq!(told(&mut pending, now).len(), 20);
        assert!(matches!(pending.next(now), Next::At(at) if at == now + SECOND));
        assert_eq!(told(&mut pending, now + SECOND / 2).len(), 0);
        assert_eq!(told(&mut pending, now + SECOND).len(), 20);
        assert_eq!(told(&mut pending, now + 2 * SECOND).len(), 10);
    }

    #[test]
    fn progress_of_a_subject_is_told_four_times_a_second_and_always_the_latest() {
        let mut pending = Pending::default();
        let start = Instant::now();
        let mut numbers = Vec::new();
        for step in 0..200_u32 {
            pending.add(event(u64::from(step), 7, Kind::Progress));
            numbers.extend(told(&mut pending, start + step * Duration::from_millis(10)));
        }
        let numbers: Vec<u64> = numbers.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [0, 25, 50, 75, 100, 125, 150, 175]);
    }

    #[test]
    fn too_many_subjects_become_one_reset_and_resets_are_rare() {
        let mut pending = Pending::default();
        let now = Instant::now();
        for number in 0..10_000 {
            pending.add(event(number, number.cast_signed(), DONE));
        }
        assert!(matches!(pending.next(now), Next::Reset));
        assert!(matches!(pending.next(now), Next::Nothing));
        pending.reset();
        assert!(matches!(pending.next(now + SECOND / 2), Next::At(at) if at == now + RESET_EVERY));
        pending.add(event(1, 1, DONE));
        assert!(matches!(pending.next(now + SECOND), Next::Reset));
        assert!(pending.is_empty());
    }
}
