//! The sweep: enqueues what the store has unfinished and the queue may have lost.
//!
//! The queue refuses subjects that it contains, so anything may be enqueued at any time. At the start and when the
//! queue's epoch has changed, the whole store is scanned; otherwise one page at a time.

use std::sync::Arc;
use std::time::Duration;

use model::{CalculationId, Job};
use queue::{Enqueued, QueueError};
use store::Unfinished;
use tokio::time::{Instant, sleep};

use crate::{Worker, WorkerError, metrics};

/// Rows read at a time.
const PAGE_ROWS: u32 = 500;

/// The sweep of one worker, and its position.
pub struct Sweep {
    worker: Worker,
    /// The epoch of the queue that has been filled; `None` until it is.
    epoch: Option<String>,
    /// The start of the next page.
    after: Option<CalculationId>,
}

/// The statistics of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepStats {
    /// Unfinished rows found.
    pub scanned: u64,
    /// Rows among them that the queue had lost.
    pub enqueued: u64,
}

impl Sweep {
    /// Creates a sweep that has scanned nothing yet.
    pub fn new(worker: Worker) -> Self {
        Self { worker, epoch: None, after: None }
    }

    /// Enqueues everything unfinished if the queue's epoch is new; returns `None` otherwise, after one call of the
    /// queue.
    ///
    /// # Errors
    /// When a port failed; the next call begins again.
    pub async fn refill(&mut self) -> Result<Option<SweepStats>, WorkerError> {
        let epoch = self.worker.ports.queue.epoch().await?;
        if self.epoch.as_ref() == Some(&epoch) {
            return Ok(None);
        }
        self.epoch = None;
        let mut stats = SweepStats::default();
        let mut after = None;
        loop {
            let page = self.worker.ports.store.unfinished(after, PAGE_ROWS).await?;
            stats += self.enqueue(&page).await?;
            after = page.last().map(|row| row.id);
            if page.len() < PAGE_ROWS as usize {
                break;
            }
        }
        if stats.enqueued > 0 {
            tracing::info!(stats.scanned, stats.enqueued, epoch, "filled the queue from the store");
        }
        // Only now: an interrupted pass begins again.
        self.epoch = Some(epoch);
        Ok(Some(stats))
    }

    /// Enqueues one page of unfinished rows, the next page at each call. Leaves young rows to the API that accepted
    /// them.
    ///
    /// # Errors
    /// When a port failed; the next call scans the same page.
    pub async fn scan_page(&mut self) -> Result<SweepStats, WorkerError> {
        let now = self.worker.ports.clock.now();
        let mut page = self.worker.ports.store.unfinished(self.after, PAGE_ROWS).await?;
        let next = (page.len() >= PAGE_ROWS as usize).then(|| page.last().map(|row| row.id)).flatten();
        page.retain(|row| now.since(row.queued_at) >= self.worker.settings.sweep_min_age);
        let stats = self.enqueue(&page).await?;
        self.after = next;
        if stats.enqueued > 0 {
            tracing::info!(stats.scanned, stats.enqueued, "enqueued unfinished work again");
        }
        Ok(stats)
    }

    /// Sweeps until the worker stops.
    pub(crate) async fn run(mut self) {
        let settings = Arc::clone(&self.worker.settings);
        let stopping = self.worker.stopping().clone();
        let mut next_scan = Instant::now() + jittered(settings.sweep_interval);
        let mut failing = false;
        loop {
            let swept = async {
                self.refill().await?;
                if Instant::now() >= next_scan {
                    next_scan = Instant::now() + jittered(settings.sweep_interval);
                    self.scan_page().await?;
                }
                Ok::<_, WorkerError>(())
            };
            // Jobs that an interrupted pass leaves are enqueued by other workers, or at the next start.
            let swept = tokio::select! {
                () = stopping.cancelled() => return,
                swept = swept => swept,
            };
            let pause = match swept {
                Ok(()) => {
                    failing = false;
                    settings.epoch_interval
                }
                Err(error) => {
                    if matches!(error, WorkerError::Store(store::StoreError::Unavailable(_))) {
                        self.worker.note_outage();
                    }
                    // Jobs of calculations accepted meanwhile were not enqueued, so everything is scanned again.
                    self.epoch = None;
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed");
                    }
                    settings.sweep_interval
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = sleep(jittered(pause)) => {}
            }
        }
    }

    async fn enqueue(&self, rows: &[Unfinished]) -> Result<SweepStats, QueueError> {
        let jobs: Vec<Job> = rows.iter().map(job).collect();
        let results = self.worker.ports.queue.enqueue_batch(&jobs).await?;
        let enqueued = results.into_iter().filter(|result| *result == Enqueued::Added).count() as u64;
        metrics::swept(enqueued);
        Ok(SweepStats { scanned: rows.len() as u64, enqueued })
    }
}

impl std::ops::AddAssign for SweepStats {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.enqueued += other.enqueued;
    }
}

fn job(row: &Unfinished) -> Job {
    Job {
        subject: row.subject.clone(),
        lane: row.lane,
        attempt: row.attempt.saturating_add(1),
        enqueued_at: row.queued_at,
        traceparent: row.traceparent,
        submitter: row.submitter,
        work_ms: Job::work_ms(calculator::estimate(&row.subject).work),
    }
}

/// Returns a time between three quarters and five quarters of `period`, so that workers do not sweep in step.
fn jittered(period: Duration) -> Duration {
    period.mul_f64(0.75 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_quarter() {
        let second = Duration::from_secs(1);
        for _ in 0..100 {
            let jittered = jittered(second);
            assert!(jittered >= second * 3 / 4 && jittered <= second * 5 / 4, "{jittered:?}");
        }
    }
}
