//! The job that a slot processes, and what it tells the queue about it.

use std::slice;
use std::time::Duration;

use model::{Calculation, Job, Status, Subject};
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

    /// Publishes and caches the final state of the calculation, then ends the job. If the event cannot be published,
    /// the job is retried instead and publishes it then, or an open page would never see its last event.
    pub(super) async fn settle(&self, calculation: &Calculation) {
        let settled = slice::from_ref(calculation);
        let (published, ()) = tokio::join!(self.worker.publish(settled), self.worker.cache_put(settled));
        if !published {
            return self.nack(self.worker.settings.lease).await;
        }
        self.ack().await;
        if calculation.status() != Status::Done {
            self.enqueue_if_resubmitted().await;
        }
    }

    /// Enqueues the calculation if it was submitted again while its job was in the queue: the submission found its
    /// subject queued, and the acknowledgement removed it. A failure is left to the sweep.
    pub(super) async fn enqueue_if_resubmitted(&self) {
        let Ok(Some(calculation)) = self.worker.ports.store.find(self.subject()).await else { return };
        if calculation.status() != Status::Queued {
            return;
        }
        let job = Job { attempt: 1, enqueued_at: self.worker.ports.clock.now(), ..self.delivery.job.clone() };
        if let Err(error) = self.worker.ports.queue.enqueue(&job).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot enqueue the resubmitted calculation");
        }
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
