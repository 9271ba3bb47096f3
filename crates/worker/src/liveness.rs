//! Whether every slot still takes jobs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Settings;

/// What each slot did last.
pub(crate) struct Liveness {
    slots: Vec<Slot>,
    /// A slot that claims hears from the queue at least this often.
    claim_within: Duration,
    /// Unleased work is done within this, however starved the machine.
    work_within: Duration,
}

#[derive(Default)]
struct Slot {
    pulse: Mutex<Pulse>,
    /// Times that it broke since it last came through a step.
    breaks: AtomicU32,
}

/// A slot that broke so often in a row does no good.
const BREAKS: u32 = 3;

/// What a slot did last, and when.
#[derive(Clone, Copy, Default)]
enum Pulse {
    #[default]
    NotStarted,
    /// Broke, and begins anew.
    Broke(Instant),
    /// A claim was completed, with a job or without.
    Claimed(Instant),
    /// Works on a job without a lease since then.
    Working(Instant),
    /// Works on a leased job, for as long as that takes: the lease is watched by others.
    WorkingLeased,
}

impl Liveness {
    pub(crate) fn new(slots: usize, settings: &Settings) -> Self {
        Self {
            slots: (0..slots).map(|_| Slot::default()).collect(),
            claim_within: settings.claim_wait * 3 + Duration::from_secs(5),
            work_within: settings.memory_wait + settings.record_patience + Duration::from_secs(60),
        }
    }

    pub(crate) fn is_consuming(&self) -> bool {
        self.slots.iter().all(|slot| self.is_slot_consuming(slot))
    }

    fn is_slot_consuming(&self, slot: &Slot) -> bool {
        if slot.breaks.load(Ordering::Relaxed) >= BREAKS {
            return false;
        }
        match *slot.pulse.lock().unwrap_or_else(PoisonError::into_inner) {
            Pulse::NotStarted => false,
            Pulse::Broke(at) | Pulse::Claimed(at) => at.elapsed() < self.claim_within,
            Pulse::Working(since) => since.elapsed() < self.work_within,
            Pulse::WorkingLeased => true,
        }
    }

    /// The pulse of one slot; of none, if there is no such slot.
    pub(crate) fn slot(&self, number: Option<usize>) -> SlotPulse<'_> {
        SlotPulse(number.and_then(|number| self.slots.get(number)))
    }
}

/// Where one slot tells what it does. A step outside a slot tells nobody.
#[derive(Clone, Copy)]
pub(crate) struct SlotPulse<'a>(Option<&'a Slot>);

impl SlotPulse<'_> {
    /// It came through a step, whatever that came to.
    pub(crate) fn steady(self) {
        if let Some(slot) = self.0 {
            slot.breaks.store(0, Ordering::Relaxed);
        }
    }

    /// It panicked.
    pub(crate) fn broke(self) {
        if let Some(slot) = self.0 {
            slot.breaks.fetch_add(1, Ordering::Relaxed);
        }
        self.set(Pulse::Broke(Instant::now()));
    }

    pub(crate) fn claimed(self) {
        self.set(Pulse::Claimed(Instant::now()));
    }

    pub(crate) fn working(self) {
        self.set(Pulse::Working(Instant::now()));
    }

    pub(crate) fn working_leased(self) {
        self.set(Pulse::WorkingLeased);
    }

    fn set(self, pulse: Pulse) {
        if let Some(slot) = self.0 {
            *slot.pulse.lock().unwrap_or_else(PoisonError::into_inner) = pulse;
        }
    }
}

#[cfg(test)]
mod tests {
    use model::WorkerId;

    use super::*;

    #[test]
    fn a_worker_is_consuming_only_when_every_slot_is() {
        let mut settings = Settings::new(WorkerId("w".into()), "0", 1, 0);
        settings.claim_wait = Duration::ZERO;
        let mut liveness = Liveness::new(2, &settings);
        assert!(!liveness.is_consuming());
        liveness.slot(Some(0)).claimed();
        assert!(!liveness.is_consuming());
        liveness.slot(Some(1)).working();
        assert!(liveness.is_consuming());
        liveness.claim_within = Duration::ZERO;
        assert!(!liveness.is_consuming());
        liveness.slot(Some(0)).working_leased();
        assert!(liveness.is_consuming());
        liveness.work_within = Duration::ZERO;
        assert!(!liveness.is_consuming());
    }
}
