//! How many digits were computed here so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use store::Store;

/// Minimum age at which the sum is repeated, and its minimum age as a multiple of the time that it took: it reads all rows,
/// and takes 1 % of the time at most.
const SUM_AGE: Duration = Duration::from_secs(1);
const SUM_AGE_FACTOR: u32 = 100;
/// Requests wait for a sum that takes no longer than this. Otherwise they get the last one.
const QUICK_SUM: Duration = Duration::from_millis(20);

/// The sum of the digits of all values that were computed, as of the last time it was read.
pub(crate) struct DigitTotal {
    store: Arc<dyn Store>,
    latest: Mutex<Summed>,
    is_summing: AtomicBool,
}

#[derive(Clone, Copy, Default)]
struct Summed {
    digits: Option<u64>,
    /// When it is read again; at once if never set.
    again_at: Option<Instant>,
}

impl DigitTotal {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, latest: Mutex::default(), is_summing: AtomicBool::new(false) }
    }

    /// Returns the sum; `None` until it was read.
    pub(crate) async fn get(self: &Arc<Self>) -> Option<u64> {
        let is_due = self.latest.lock().again_at.is_none_or(|at| at <= Instant::now());
        if is_due && !self.is_summing.swap(true, Ordering::Relaxed) {
            let summing = tokio::spawn(Arc::clone(self).sum());
            // Too late or panicked: the last sum is returned.
            drop(tokio::time::timeout(QUICK_SUM, summing).await);
        }
        self.latest.lock().digits
    }

    async fn sum(self: Arc<Self>) {
        let started = Instant::now();
        let summed = self.store.sum_digits().await;
        let summed = summed.inspect_err(|error| {
            tracing::warn!(error = error as &dyn std::error::Error, "cannot sum the digits that were computed");
        });
        let again_at = Some(Instant::now() + SUM_AGE.max(started.elapsed() * SUM_AGE_FACTOR));
        let mut latest = self.latest.lock();
        *latest = Summed { digits: summed.ok().or(latest.digits), again_at };
        drop(latest);
        self.is_summing.store(false, Ordering::Relaxed);
    }
}
