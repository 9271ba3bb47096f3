//! The capacity of the workers, from their reports.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use model::WorkerReport;
use queue::JobQueue;
use tokio_util::sync::CancellationToken;

/// Interval at which reports are read.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// The capacity of the live workers.
pub(crate) struct WorkerCapacity {
    min_parallelism: u32,
    parallelism: AtomicU32,
    /// `u64::MAX` while it is unknown.
    memory_bytes: AtomicU64,
}

impl WorkerCapacity {
    /// Creates the capacity of a system that computes at least the given number of calculations at the same time.
    pub(crate) fn new(min_parallelism: u32) -> Self {
        let min_parallelism = min_parallelism.max(1);
        let parallelism = AtomicU32::new(min_parallelism);
        Self { min_parallelism, parallelism, memory_bytes: AtomicU64::new(u64::MAX) }
    }

    /// Returns how many calculations are computed at the same time, at least 1.
    pub(crate) fn parallelism(&self) -> u32 {
        self.parallelism.load(Ordering::Relaxed)
    }

    /// Returns the most memory of a worker for one computation; `None` if no worker is live or one does not say.
    pub(crate) fn memory_bytes(&self) -> Option<u64> {
        Some(self.memory_bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes != u64::MAX)
    }

    /// Reads the reports every second until `shutdown`. While the queue is unavailable, the last capacity stays.
    pub(crate) async fn follow(&self, queue: &dyn JobQueue, shutdown: CancellationToken) {
        loop {
            if let Ok(workers) = queue.workers().await {
                self.set(&workers);
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(REFRESH_INTERVAL)).await.is_none() {
                return;
            }
        }
    }

    fn set(&self, workers: &[WorkerReport]) {
        let count = u32::try_from(workers.len()).unwrap_or(u32::MAX);
        self.parallelism.store(count.max(self.min_parallelism), Ordering::Relaxed);
        let known: Option<Vec<u64>> = workers.iter().map(|worker| worker.memory_bytes).collect();
        let largest = known.and_then(|bytes| bytes.into_iter().max());
        self.memory_bytes.store(largest.unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
