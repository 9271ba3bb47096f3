//! The queue of one process: empty at every start, filled again from the record.
//!
//! There is no task behind it. Whoever claims moves what has become due, and sleeps until the next
//! thing will be; whoever adds something wakes all that sleep.

mod state;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::state::{Next, State};
use crate::{Delivery, Enqueued, JobQueue, LaneDepth, QueueError, metrics};

/// A queue inside this process, in the order of enqueuing within each lane.
#[derive(Debug)]
pub struct MemoryQueue {
    state: Mutex<State>,
    changed: Notify,
    epoch: String,
    capacity: usize,
}

/// The cause of `Unavailable` when there is no room.
#[derive(Debug, thiserror::Error)]
#[error("the queue holds {capacity} jobs and takes no more")]
struct Full {
    capacity: usize,
}

impl MemoryQueue {
    /// An empty queue for at most `capacity` jobs, claimed and delayed ones included.
    pub fn new(capacity: usize) -> Self {
        // The standard library's own randomness: it never fails, and an epoch need not be secret.
        let epoch = format!("{:016x}", RandomState::new().hash_one(capacity));
        Self { state: Mutex::default(), changed: Notify::new(), epoch, capacity }
    }

    /// No call leaves the state half changed, so a panic elsewhere need not end the queue.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl JobQueue for MemoryQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        let enqueued = {
            let mut state = self.state();
            if state.holds(&job.subject) {
                Enqueued::AlreadyQueued
            } else if state.len() >= self.capacity {
                metrics::unavailable("enqueue");
                return Err(QueueError::Unavailable(Box::new(Full { capacity: self.capacity })));
            } else {
                state.add(job.clone(), Instant::now());
                Enqueued::Added
            }
        };
        metrics::enqueued(job.lane, enqueued);
        self.changed.notify_waiters();
        Ok(enqueued)
    }

    async fn claim_batch(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
        max_short: usize,
    ) -> Result<Vec<Delivery>, QueueError> {
        let deadline = state::after(Instant::now(), wait);
        loop {
            // Subscribe before looking, so that a job added between the two is not missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();

            let now = Instant::now();
            let next_due = match self.state().take(worker, lanes, lease, now, max_short.max(1)) {
                Next::Taken(deliveries) => {
                    for delivery in &deliveries {
                        metrics::claimed(delivery.job.lane, delivery.reclaimed);
                    }
                    return Ok(deliveries);
                }
                Next::NothingBefore(due) => due,
            };
            if now >= deadline {
                return Ok(Vec::new());
            }
            let wake_up = next_due.map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(wake_up) => {}
            }
        }
    }

    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError> {
        let extended = self.state().extend(delivery, Instant::now());
        if !extended {
            metrics::stale("extend");
        }
        Ok(extended)
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        match self.state().end(delivery) {
            true => metrics::acked(delivery.job.lane),
            false => metrics::stale("ack"),
        }
        Ok(())
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        let now = Instant::now();
        if self.state().retry(delivery, state::after(now, delay), now) {
            metrics::nacked(delivery.job.lane);
            self.changed.notify_waiters();
        } else {
            metrics::stale("nack");
        }
        Ok(())
    }

    async fn hand_back(&self, delivery: &Delivery) -> Result<(), QueueError> {
        if self.state().hand_back(delivery) {
            metrics::handed_back(delivery.job.lane);
            self.changed.notify_waiters();
        } else {
            metrics::stale("hand_back");
        }
        Ok(())
    }

    async fn holds(&self, subject: &Subject) -> Result<bool, QueueError> {
        Ok(self.state().holds(subject))
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        Ok(self.epoch.clone())
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        let now = Instant::now();
        let state = self.state();
        Ok(Lane::ALL.map(|lane| state.depth(lane, now)))
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        self.state().report(report.clone(), Instant::now());
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        Ok(self.state().workers(Instant::now()))
    }
}

#[cfg(test)]
mod tests;
