//! The sweep: offers again what the record has unfinished and the queue may not know of.
//!
//! The queue refuses what it holds already, so everything may be offered at any time. At the start
//! and when the queue was emptied the whole record is gone through; otherwise a page at a time.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use model::{CalculationId, Job};
use queue::{Enqueued, QueueError};
use store::Unfinished;
use tokio::time::{Instant, sleep};

use crate::{Worker, WorkerError, metrics};

/// Rows read at a time.
const PAGE: u32 = 500;

/// Offers under way at a time.
const AT_ONCE: usize = 16;

/// The sweep of one worker, and how far it is.
pub struct Sweep {
    worker: Worker,
    /// The life of the queue that has been filled; `None` until it has.
    epoch: Option<String>,
    /// Where the regular sweep goes on.
    after: Option<CalculationId>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows that were offered.
    pub offered: u64,
    /// Rows of them that the queue did not hold.
    pub added: u64,
}

impl Sweep {
    /// A sweep that has seen nothing yet.
    pub fn new(worker: Worker) -> Self {
        Self { worker, epoch: None, after: None }
    }

    /// Goes through everything unfinished if the queue's life is not the one it was filled in.
    /// `None` if it is. Costs one call of the queue then.
    ///
    /// # Errors
    /// When a port did not serve; the next call begins again.
    pub async fn refill(&mut self) -> Result<Option<Swept>, WorkerError> {
        let epoch = self.worker.ports.queue.epoch().await?;
        if self.epoch.as_ref() == Some(&epoch) {
            return Ok(None);
        }
        self.epoch = None;
        let mut swept = Swept::default();
        let mut after = None;
        loop {
            let page = self.worker.ports.store.unfinished(after, PAGE).await?;
            swept += self.offer(&page).await?;
            after = page.last().map(|row| row.id);
            if page.len() < PAGE as usize {
                break;
            }
        }
        if swept.added > 0 {
            tracing::info!(swept.offered, swept.added, epoch, "the queue was filled from the record");
        }
        // Only now: a pass that broke off is begun again.
        self.epoch = Some(epoch);
        Ok(Some(swept))
    }

    /// Offers one page of what is unfinished, a later one each time; rows asked for just now are left
    /// to whoever accepted them.
    ///
    /// # Errors
    /// When a port did not serve; the same page comes again.
    pub async fn look(&mut self) -> Result<Swept, WorkerError> {
        let now = self.worker.ports.clock.now();
        let mut page = self.worker.ports.store.unfinished(self.after, PAGE).await?;
        let next = (page.len() >= PAGE as usize).then(|| page.last().map(|row| row.id)).flatten();
        page.retain(|row| now.since(row.asked_at) >= self.worker.settings.sweep_spares);
        let swept = self.offer(&page).await?;
        self.after = next;
        if swept.added > 0 {
            tracing::info!(swept.offered, swept.added, "unfinished work was offered again");
        }
        Ok(swept)
    }

    /// Sweeps until the worker stops.
    pub(crate) async fn run(mut self) {
        let settings = self.worker.settings.clone();
        let stopping = self.worker.stopping().clone();
        let mut next_look = Instant::now() + jittered(settings.sweep_every);
        let mut failing = false;
        loop {
            let swept = async {
                self.refill().await?;
                if Instant::now() >= next_look {
                    next_look = Instant::now() + jittered(settings.sweep_every);
                    self.look().await?;
                }
                Ok::<_, WorkerError>(())
            };
            // Offers that are dropped half way are made again by others, or at the next start.
            let swept = tokio::select! {
                () = stopping.cancelled() => return,
                swept = swept => swept,
            };
            let pause = match swept {
                Ok(()) => {
                    failing = false;
                    settings.epoch_every
                }
                Err(error) => {
                    if matches!(error, WorkerError::Store(store::StoreError::Unavailable(_))) {
                        self.worker.note_outage();
                    }
                    // What was accepted meanwhile could not be offered: everything is gone through again.
                    self.epoch = None;
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed");
                    }
                    settings.sweep_every
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = sleep(jittered(pause)) => {}
            }
        }
    }

    async fn offer(&self, rows: &[Unfinished]) -> Result<Swept, QueueError> {
        let jobs: Vec<Job> = rows.iter().map(job).collect();
        let offers = stream::iter(jobs).map(|job| {
            let queue = Arc::clone(&self.worker.ports.queue);
            async move { queue.enqueue(&job).await }
        });
        let count = |added, enqueued| async move { Ok(added + u64::from(enqueued == Enqueued::Added)) };
        let added = offers.buffer_unordered(AT_ONCE).try_fold(0, count).await?;
        metrics::swept(added);
        Ok(Swept { offered: rows.len() as u64, added })
    }
}

impl std::ops::AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.offered += other.offered;
        self.added += other.added;
    }
}

fn job(row: &Unfinished) -> Job {
    Job {
        subject: row.subject.clone(),
        lane: row.lane,
        attempt: row.attempt.saturating_add(1),
        enqueued_at: row.asked_at,
        traceparent: row.traceparent,
    }
}

/// Between three quarters and five quarters of `period`, so that workers do not sweep in step.
fn jittered(period: Duration) -> Duration {
    // The standard library's own randomness is good enough to spread workers.
    let random = RandomState::new().hash_one(0);
    let quarters = (random >> 32) as u32;
    period.mul_f64(0.75 + 0.5 * f64::from(quarters) / f64::from(u32::MAX))
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
