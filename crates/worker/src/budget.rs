//! Memory that running computations may hold together.
//!
//! Large work queues for it, the oldest job first and nobody past the front, so that the largest gets
//! its turn. Small work has a share of its own and never waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Timestamp;
use tokio::sync::oneshot;

/// The memory of one worker, in bytes.
#[derive(Clone)]
pub(crate) struct Budget {
    shared: Arc<Shared>,
}

/// What asking for memory found.
pub(crate) enum Fit {
    /// It is yours.
    Now(Permit),
    /// It will be, when what runs has ended.
    Later(Place),
    /// More than there ever is.
    Never,
}

/// Memory held until this is dropped.
pub(crate) struct Permit {
    bytes: u64,
    small: bool,
    shared: Arc<Shared>,
}

/// A place in the line; dropping it leaves the line.
pub(crate) struct Place {
    key: Key,
    granted: oneshot::Receiver<Permit>,
    shared: Arc<Shared>,
}

/// The age of the job, then the order of asking.
type Key = (Timestamp, u64);

struct Shared {
    /// What large work may hold together.
    large_bytes: u64,
    /// Up to this work is small. The slots are few, so all small work together stays in its share.
    small_bytes: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held_large: u64,
    held_small: u64,
    asked: u64,
    line: BTreeMap<Key, (u64, oneshot::Sender<Permit>)>,
}

impl Budget {
    /// The part of the memory that is kept for small work, as a divisor.
    const SMALL_SHARE: u64 = 8;

    /// A budget of `bytes` for at most `slots` computations at a time.
    pub(crate) fn new(bytes: u64, slots: usize) -> Self {
        let small = bytes / Self::SMALL_SHARE;
        let slots = u64::try_from(slots).unwrap_or(u64::MAX).max(1);
        let shared = Shared { large_bytes: bytes - small, small_bytes: small / slots, state: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Asks for `bytes` on behalf of a job offered at `since`.
    pub(crate) fn ask(&self, bytes: u64, since: Timestamp) -> Fit {
        let shared = &self.shared;
        let mut state = shared.lock();
        if bytes <= shared.small_bytes {
            state.held_small += bytes;
            return Fit::Now(Permit { bytes, small: true, shared: Arc::clone(shared) });
        }
        if bytes > shared.large_bytes {
            return Fit::Never;
        }
        if state.line.is_empty() && bytes <= shared.large_bytes - state.held_large {
            state.held_large += bytes;
            return Fit::Now(Permit { bytes, small: false, shared: Arc::clone(shared) });
        }
        let (grant, granted) = oneshot::channel();
        state.asked += 1;
        let key = (since, state.asked);
        state.line.insert(key, (bytes, grant));
        Fit::Later(Place { key, granted, shared: Arc::clone(shared) })
    }

    /// Bytes held at present.
    pub(crate) fn held(&self) -> u64 {
        let state = self.shared.lock();
        state.held_large + state.held_small
    }
}

impl Place {
    /// Waits until the memory is there. Dropping the future keeps the place.
    pub(crate) async fn granted(&mut self) -> Option<Permit> {
        (&mut self.granted).await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().line.remove(&self.key);
        // Whoever left may have been what stood in the way of those behind.
        self.shared.serve();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if self.small {
            state.held_small -= self.bytes;
            return;
        }
        state.held_large -= self.bytes;
        drop(state);
        self.shared.serve();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing between taking and leaving the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives memory to the front of the line as long as it fits.
    fn serve(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            let free = self.large_bytes - state.held_large;
            let Some(front) = state.line.first_entry() else { return };
            if front.get().0 > free {
                return;
            }
            let (bytes, grant) = front.remove();
            state.held_large += bytes;
            // Let go first: a permit that nobody awaits any more takes the lock to give itself back.
            drop(state);
            drop(grant.send(Permit { bytes, small: false, shared: Arc::clone(self) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn now(fit: Fit) -> Permit {
        match fit {
            Fit::Now(permit) => permit,
            Fit::Later(_) => panic!("must wait"),
            Fit::Never => panic!("never fits"),
        }
    }

    fn later(fit: Fit) -> Place {
        match fit {
            Fit::Later(place) => place,
            Fit::Now(_) => panic!("fits at once"),
            Fit::Never => panic!("never fits"),
        }
    }

    #[tokio::test]
    async fn large_work_waits_for_large_work_and_small_work_for_nobody() {
        let budget = Budget::new(800, 2);
        let first = now(budget.ask(600, at(0)));
        let mut second = later(budget.ask(600, at(1)));
        for _ in 0..3 {
            drop(now(budget.ask(50, at(2))));
        }
        assert!(second.granted.try_recv().is_err());
        drop(first);
        let permit = second.granted().await.expect("the memory is free");
        assert_eq!(budget.held(), 600);
        drop(permit);
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test]
    async fn the_oldest_job_is_served_first_and_nobody_passes_the_front() {
        let budget = Budget::new(800, 2);
        let first = now(budget.ask(400, at(0)));
        let mut younger = later(budget.ask(500, at(9)));
        let mut older = later(budget.ask(700, at(1)));
        // 100 would fit beside 400, but then 700 might never find its turn.
        let fits = later(budget.ask(100, at(10)));
        drop(first);
        let permit = older.granted().await.expect("the memory is free");
        assert!(younger.granted.try_recv().is_err());
        drop((permit, fits));
        assert!(younger.granted().await.is_some());
    }

    #[test]
    fn leaving_the_line_lets_those_behind_through() {
        let budget = Budget::new(800, 2);
        let _held = now(budget.ask(400, at(0)));
        let front = later(budget.ask(700, at(1)));
        let mut behind = later(budget.ask(200, at(2)));
        assert!(behind.granted.try_recv().is_err());
        drop(front);
        assert!(behind.granted.try_recv().is_ok());
    }

    #[test]
    fn a_grant_that_nobody_took_comes_back() {
        let budget = Budget::new(800, 2);
        let first = now(budget.ask(600, at(0)));
        let second = later(budget.ask(600, at(1)));
        drop(first);
        drop(second);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn what_exceeds_the_whole_never_fits() {
        assert!(matches!(Budget::new(800, 2).ask(701, at(0)), Fit::Never));
        assert!(matches!(Budget::new(0, 1).ask(u64::MAX, at(0)), Fit::Never));
    }
}
