//! The memory that running computations may reserve together.
//!
//! Large work queues for it, the oldest job first and without overtaking, so the largest gets its turn. Small work
//! has a share of its own and never waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Timestamp;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The memory of one worker, in bytes.
#[derive(Clone)]
pub(crate) struct MemoryBudget {
    shared: Arc<SharedBudget>,
}

/// The result of reserving memory.
pub(crate) enum Reservation {
    /// Granted immediately.
    Granted(Permit),
    /// Granted when running computations have ended.
    Queued(Ticket),
    /// More than the whole budget.
    TooLarge,
}

/// Reserved memory. Dropping it frees the memory.
pub(crate) struct Permit {
    bytes: u64,
    is_small: bool,
    shared: Arc<SharedBudget>,
}

/// A position in the queue for memory. Dropping it leaves the queue.
pub(crate) struct Ticket {
    key: TicketKey,
    granted: oneshot::Receiver<Permit>,
    shared: Arc<SharedBudget>,
}

/// The age of the job, then the order of reserving.
type TicketKey = (Timestamp, u64);

struct SharedBudget {
    /// The bytes that large work may reserve together.
    large_bytes: u64,
    /// Work up to this is small. There are few slots, so all small work together stays within its share.
    small_bytes: u64,
    state: Mutex<BudgetState>,
}

#[derive(Default)]
struct BudgetState {
    reserved_large: u64,
    reserved_small: u64,
    last_ticket: u64,
    queue: BTreeMap<TicketKey, (u64, oneshot::Sender<Permit>)>,
}

impl MemoryBudget {
    /// The share of the memory for small work, as a divisor.
    const SMALL_SHARE: u64 = 8;

    /// Creates a budget of `bytes` for at most `slots` computations at a time.
    pub(crate) fn new(bytes: u64, slots: usize) -> Self {
        let small = bytes / Self::SMALL_SHARE;
        let slots = u64::try_from(slots).unwrap_or(u64::MAX).max(1);
        let (large_bytes, small_bytes) = (bytes - small, small / slots);
        Self { shared: Arc::new(SharedBudget { large_bytes, small_bytes, state: Mutex::default() }) }
    }

    /// Reserves `bytes` for a job enqueued at `since`.
    pub(crate) fn reserve(&self, bytes: u64, since: Timestamp) -> Reservation {
        let shared = &self.shared;
        let mut state = shared.state.lock();
        if bytes <= shared.small_bytes {
            state.reserved_small += bytes;
            return Reservation::Granted(Permit { bytes, is_small: true, shared: Arc::clone(shared) });
        }
        if bytes > shared.large_bytes {
            return Reservation::TooLarge;
        }
        if state.queue.is_empty() && bytes <= shared.large_bytes - state.reserved_large {
            state.reserved_large += bytes;
            return Reservation::Granted(Permit { bytes, is_small: false, shared: Arc::clone(shared) });
        }
        let (grant, granted) = oneshot::channel();
        state.last_ticket += 1;
        let key = (since, state.last_ticket);
        state.queue.insert(key, (bytes, grant));
        Reservation::Queued(Ticket { key, granted, shared: Arc::clone(shared) })
    }

    /// Returns the most bytes that one computation can reserve.
    pub(crate) fn largest_bytes(&self) -> u64 {
        self.shared.large_bytes.max(self.shared.small_bytes)
    }

    /// Returns the bytes reserved at present.
    pub(crate) fn reserved_bytes(&self) -> u64 {
        let state = self.shared.state.lock();
        state.reserved_large + state.reserved_small
    }
}

impl Ticket {
    /// Waits until the memory is free. Dropping the future keeps the position.
    pub(crate) async fn granted(&mut self) -> Option<Permit> {
        (&mut self.granted).await.ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.state.lock().queue.remove(&self.key);
        // This ticket may have blocked those behind it.
        self.shared.grant_waiting();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if self.is_small {
            state.reserved_small -= self.bytes;
            return;
        }
        state.reserved_large -= self.bytes;
        drop(state);
        self.shared.grant_waiting();
    }
}

impl SharedBudget {
    /// Grants memory to the front of the queue as long as it fits.
    fn grant_waiting(self: &Arc<Self>) {
        loop {
            let mut state = self.state.lock();
            let free = self.large_bytes - state.reserved_large;
            let Some(front) = state.queue.first_entry() else { return };
            if front.get().0 > free {
                return;
            }
            let (bytes, grant) = front.remove();
            state.reserved_large += bytes;
            // Unlock first: a permit whose receiver is gone takes the lock to free its memory.
            drop(state);
            drop(grant.send(Permit { bytes, is_small: false, shared: Arc::clone(self) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn granted(reservation: Reservation) -> Permit {
        match reservation {
            Reservation::Granted(permit) => permit,
            Reservation::Queued(_) => panic!("must wait"),
            Reservation::TooLarge => panic!("never fits"),
        }
    }

    fn queued(reservation: Reservation) -> Ticket {
        match reservation {
            Reservation::Queued(ticket) => ticket,
            Reservation::Granted(_) => panic!("granted at once"),
            Reservation::TooLarge => panic!("never fits"),
        }
    }

    #[tokio::test]
    async fn large_work_waits_for_large_work_and_small_work_never_waits() {
        let budget = MemoryBudget::new(800, 2);
        let first = granted(budget.reserve(600, at(0)));
        let mut second = queued(budget.reserve(600, at(1)));
        for _ in 0..3 {
            drop(granted(budget.reserve(50, at(2))));
        }
        assert!(second.granted.try_recv().is_err());
        drop(first);
        let permit = second.granted().await.expect("the memory is free");
        assert_eq!(budget.reserved_bytes(), 600);
        drop(permit);
        assert_eq!(budget.reserved_bytes(), 0);
    }

    #[tokio::test]
    async fn the_oldest_job_is_first_and_is_not_overtaken() {
        let budget = MemoryBudget::new(800, 2);
        let first = granted(budget.reserve(400, at(0)));
        let mut younger = queued(budget.reserve(500, at(9)));
        let mut older = queued(budget.reserve(700, at(1)));
        // 100 would fit beside 400, but then 700 might never find its turn.
        let fits = queued(budget.reserve(100, at(10)));
        drop(first);
        let permit = older.granted().await.expect("the memory is free");
        assert!(younger.granted.try_recv().is_err());
        drop((permit, fits));
        assert!(younger.granted().await.is_some());
    }

    #[test]
    fn a_dropped_ticket_unblocks_those_behind_it() {
        let budget = MemoryBudget::new(800, 2);
        let _held = granted(budget.reserve(400, at(0)));
        let front = queued(budget.reserve(700, at(1)));
        let mut behind = queued(budget.reserve(200, at(2)));
        assert!(behind.granted.try_recv().is_err());
        drop(front);
        assert!(behind.granted.try_recv().is_ok());
    }

    #[test]
    fn a_grant_that_nobody_took_comes_back() {
        let budget = MemoryBudget::new(800, 2);
        let first = granted(budget.reserve(600, at(0)));
        let second = queued(budget.reserve(600, at(1)));
        drop(first);
        drop(second);
        assert_eq!(budget.reserved_bytes(), 0);
    }

    #[test]
    fn what_exceeds_the_whole_never_fits() {
        assert!(matches!(MemoryBudget::new(800, 2).reserve(701, at(0)), Reservation::TooLarge));
        assert!(matches!(MemoryBudget::new(0, 1).reserve(u64::MAX, at(0)), Reservation::TooLarge));
    }
}
