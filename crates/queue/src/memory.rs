//! The queue of one process. It starts empty, and the sweep fills it from the store.
//!
//! There is no background task. A claim moves what has become due and sleeps until the next job is due; every
//! change wakes all sleeping claims.

mod fair_share;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport, new_epoch};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::state::{QueueState, TakeResult};
use crate::{Delivery, Enqueued, JobQueue, LaneDepth, QueueError, metrics};

/// A queue inside this process, first in, first out within the short and the medium lane.
#[derive(Debug)]
pub struct MemoryQueue {
    state: Mutex<QueueState>,
    changed: Notify,
    epoch: String,
    capacity: usize,
}

/// The cause of `Unavailable` when the queue is full.
#[derive(Debug, thiserror::Error)]
#[error("the queue is at its capacity of {capacity} jobs")]
struct CapacityReached {
    capacity: usize,
}

impl MemoryQueue {
    /// Creates an empty queue for at most `capacity` jobs, claimed and delayed ones included.
    pub fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), epoch: new_epoch(), capacity }
    }
}

#[async_trait]
impl JobQueue for MemoryQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        let enqueued = {
            let mut state = self.state.lock();
            if state.contains(&job.subject) {
                Enqueued::AlreadyQueued
            } else if state.len() >= self.capacity {
                metrics::unavailable("enqueue");
                return Err(QueueError::Unavailable(Box::new(CapacityReached { capacity: self.capacity })));
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
            let taken = self.state.lock().take(worker, lanes, lease, now, max_short.max(1));
            let next_due = match taken {
                TakeResult::Taken(deliveries) => {
                    for delivery in &deliveries {
                        metrics::claimed(delivery.job.lane, delivery.reclaimed);
                    }
                    return Ok(deliveries);
                }
                TakeResult::NothingBefore(due) => due,
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
        let extended = self.state.lock().extend(delivery, Instant::now());
        if !extended {
            metrics::stale("extend");
        }
        Ok(extended)
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        match self.state.lock().ack(delivery) {
            true => metrics::acked(delivery.job.lane),
            false => metrics::stale("ack"),
        }
        Ok(())
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        let now = Instant::now();
        if self.state.lock().nack(delivery, state::after(now, delay), now) {
            metrics::nacked(delivery.job.lane);
            self.changed.notify_waiters();
        } else {
            metrics::stale("nack");
        }
        Ok(())
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), QueueError> {
        if self.state.lock().release(delivery) {
            metrics::released(delivery.job.lane);
            self.changed.notify_waiters();
        } else {
            metrics::stale("release");
        }
        Ok(())
    }

    async fn contains(&self, subject: &Subject) -> Result<bool, QueueError> {
        Ok(self.state.lock().contains(subject))
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        Ok(self.epoch.clone())
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        let now = Instant::now();
        let state = self.state.lock();
        Ok(Lane::ALL.map(|lane| state.depth(lane, now)))
    }

    async fn waiting(&self, max: usize) -> Result<[Vec<Subject>; 3], QueueError> {
        let state = self.state.lock();
        Ok(Lane::ALL.map(|lane| state.waiting(lane, max)))
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        self.state.lock().report(report.clone(), Instant::now());
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        Ok(self.state.lock().workers(Instant::now()))
    }
}
