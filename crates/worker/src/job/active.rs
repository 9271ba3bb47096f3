//! The job that a slot processes, and what it tells the queue about it.

use std::time::Duration;

use model::Subject;
use queue::Delivery;
use tokio::sync::Mutex;

use crate::Worker;
use crate::health::SlotHealth;

/// A job in processing.
pub(crate) struct ActiveJob<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) delivery: &'a Delivery,
    /// Held while computing: jobs that were claimed together compute one after the other.
    pub(crate) turn: &'a Mutex<()>,
    pub(crate) health: SlotHealth<'a>,
}

impl ActiveJob<'_> {
    pub(super) fn subject(&self) -> &Subject {
        &self.delivery.job.subject
    }

    /// Ends the job. A failure is logged only: the job is redelivered and found finished.
    pub(super) async fn ack(&self) {
        if let Err(error) = self.worker.ports.queue.ack(self.delivery).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot acknowledge the job");
        }
    }

    /// Returns the job to the queue for later. A failure is logged only: the job is redelivered after its lease.
    pub(super) async fn nack(&self, delay: Duration) {
        if let Err(error) = self.worker.ports.queue.nack(self.delivery, delay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot return the job for a retry");
        }
    }

    /// Returns the job to the queue at once. A failure is logged only: the job is redelivered after its lease.
    pub(super) async fn release(&self) {
        if let Err(error) = self.worker.ports.queue.release(self.delivery).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot release the job");
        }
    }

    /// Extends the claim. Returns `false` if the job was redelivered.
    pub(super) async fn extend(&self) -> bool {
        match self.worker.ports.queue.extend(self.delivery).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "cannot extend the claim");
                true
            }
        }
    }
}
