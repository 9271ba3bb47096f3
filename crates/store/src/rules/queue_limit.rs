//! The number of calculations that may still be queued.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::StoreLimits;

/// Time for which a count is used again. Counting reads the index of all unfinished rows, which takes longest when the
/// queue is long and submissions are many.
const COUNT_TTL: Duration = Duration::from_millis(250);

/// The limit of unfinished calculations, with the last count of them.
///
/// Rows that this process queued since are added to the count; rows that were finished since are not subtracted. The
/// count is therefore repeated before anything is refused.
pub(crate) struct QueueLimit {
    max_queued: u64,
    /// Nearer to the limit than this, every batch counts: other processes may have queued rows too.
    exact_margin: u64,
    last: Mutex<Option<QueueCount>>,
}

#[derive(Clone, Copy)]
struct QueueCount {
    counted_at: Instant,
    unfinished: u64,
}

impl QueueLimit {
    /// Creates the limit of a database that only this process writes to.
    pub(crate) fn exclusive(limits: StoreLimits) -> Self {
        Self { max_queued: limits.max_queued, exact_margin: 0, last: Mutex::new(None) }
    }

    /// Creates the limit of a database that other processes write to as well. Within [`COUNT_TTL`] they queue fewer rows
    /// than the margin.
    #[cfg(feature = "postgres")]
    pub(crate) fn shared(limits: StoreLimits) -> Self {
        Self { max_queued: limits.max_queued, exact_margin: 20_000, last: Mutex::new(None) }
    }

    pub(crate) fn max_queued(&self) -> u64 {
        self.max_queued
    }

    /// Returns how many rows may be queued by the last count; `None` if fewer than `rows`, or if it must be repeated.
    pub(crate) fn recent_room(&self, rows: u64) -> Option<u64> {
        let count = (*self.last.lock())?;
        let room = self.max_queued.saturating_sub(count.unfinished);
        (count.counted_at.elapsed() < COUNT_TTL && room >= rows.saturating_add(self.exact_margin)).then_some(room)
    }

    /// Stores a count and returns how many rows may be queued.
    pub(crate) fn set_counted(&self, unfinished: u64) -> u64 {
        *self.last.lock() = Some(QueueCount { counted_at: Instant::now(), unfinished });
        self.max_queued.saturating_sub(unfinished)
    }

    /// Adds rows that were queued since the last count.
    pub(crate) fn add_queued(&self, rows: u64) {
        if let Some(count) = &mut *self.last.lock() {
            count.unfinished = count.unfinished.saturating_add(rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_used_until_it_would_refuse_something() {
        let limit = QueueLimit::exclusive(StoreLimits { max_queued: 10 });
        assert_eq!(limit.recent_room(1), None, "nothing was counted yet");
        assert_eq!(limit.set_counted(4), 6);
        limit.add_queued(3);
        assert_eq!((limit.recent_room(3), limit.recent_room(4)), (Some(3), None));
        assert_eq!(limit.set_counted(12), 0);
    }
}
