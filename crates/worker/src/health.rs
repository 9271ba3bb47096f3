//! The health of a worker: every slot still claims jobs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::Settings;

/// The health of all slots of a worker.
pub(crate) struct Health {
    slots: Vec<SlotState>,
    /// A claim returns within this time.
    claim_timeout: Duration,
    /// A job without a lease is done within this time, even on an overloaded machine.
    job_timeout: Duration,
}

#[derive(Default)]
struct SlotState {
    pulse: Mutex<Pulse>,
    consecutive_panics: AtomicU32,
}

/// Consecutive panics after which a slot counts as unhealthy.
const MAX_PANICS: u32 = 3;

/// The last sign of life of a slot.
#[derive(Clone, Copy, Default)]
enum Pulse {
    #[default]
    NotStarted,
    /// It panicked and restarts.
    Panicked(Instant),
    /// It completed a claim, with a job or without.
    Claimed(Instant),
    /// It has been processing a job without a lease since then.
    Working(Instant),
    /// It processes a leased job, which may take any time: its heartbeat watches it.
    WorkingLeased,
}

impl Health {
    pub(crate) fn new(slots: usize, settings: &Settings) -> Self {
        Self {
            slots: (0..slots).map(|_| SlotState::default()).collect(),
            claim_timeout: settings.claim_wait * 3 + Duration::from_secs(5),
            job_timeout: settings.memory_wait + settings.complete_timeout + Duration::from_secs(60),
        }
    }

    pub(crate) fn is_consuming(&self) -> bool {
        self.slots.iter().all(|slot| self.is_slot_consuming(slot))
    }

    fn is_slot_consuming(&self, slot: &SlotState) -> bool {
        if slot.consecutive_panics.load(Ordering::Relaxed) >= MAX_PANICS {
            return false;
        }
        match *slot.pulse.lock() {
            Pulse::NotStarted => false,
            Pulse::Panicked(at) | Pulse::Claimed(at) => at.elapsed() < self.claim_timeout,
            Pulse::Working(since) => since.elapsed() < self.job_timeout,
            Pulse::WorkingLeased => true,
        }
    }

    /// Returns the health of one slot, or a handle that notes nothing if there is no such slot.
    pub(crate) fn slot(&self, number: Option<usize>) -> SlotHealth<'_> {
        SlotHealth(number.and_then(|number| self.slots.get(number)))
    }
}

/// A slot's report of its activity.
#[derive(Clone, Copy)]
pub(crate) struct SlotHealth<'a>(Option<&'a SlotState>);

impl SlotHealth<'_> {
    /// Notes that the slot processed a batch without a panic.
    pub(crate) fn note_no_panic(self) {
        if let Some(slot) = self.0 {
            slot.consecutive_panics.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn note_panic(self) {
        if let Some(slot) = self.0 {
            slot.consecutive_panics.fetch_add(1, Ordering::Relaxed);
        }
        self.set(Pulse::Panicked(Instant::now()));
    }

    pub(crate) fn note_claimed(self) {
        self.set(Pulse::Claimed(Instant::now()));
    }

    pub(crate) fn note_working(self) {
        self.set(Pulse::Working(Instant::now()));
    }

    pub(crate) fn note_working_leased(self) {
        self.set(Pulse::WorkingLeased);
    }

    fn set(self, pulse: Pulse) {
        if let Some(slot) = self.0 {
            *slot.pulse.lock() = pulse;
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
        let mut health = Health::new(2, &settings);
        assert!(!health.is_consuming());
        health.slot(Some(0)).note_claimed();
        assert!(!health.is_consuming());
        health.slot(Some(1)).note_working();
        assert!(health.is_consuming());
        health.claim_timeout = Duration::ZERO;
        assert!(!health.is_consuming());
        health.slot(Some(0)).note_working_leased();
        assert!(health.is_consuming());
        health.job_timeout = Duration::ZERO;
        assert!(!health.is_consuming());
    }
}
