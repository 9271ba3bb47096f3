//! The steps of a job: claim, compute, complete, publish, acknowledge.
//!
//! # Why a crash between any two steps loses nothing
//!
//! The calculation was committed to the store before its job was enqueued, and only the store says what is done.
//!
//! | crash after | what remains | what happens |
//! |---|---|---|
//! | claim | a claim, perhaps a lease, that nobody extends | both expire; the job is redelivered and begins again |
//! | compute | the same | the same: the value is computed again and is the same |
//! | placing the value | an object that no row refers to, named by its hash | computed again, it gets the same name |
//! | `complete` | a finished row; nothing is published, the claim stands | redelivered, the row is `Finished`: published and acknowledged |
//! | publish | the same, and the event is published | the same; publishing twice changes nothing |
//! | cache put | the same | the same; the cache holds what the row says |
//! | acknowledge | nothing | the end |
//!
//! The order matters in two places. The value is on disk before the row says `done`, or a reader could find nothing.
//! And the job is acknowledged last: until then the queue redelivers it. If the queue loses everything at any of
//! these points, the sweep enqueues what the store has unfinished.

use std::slice;
use std::time::Duration;

use model::{FailureReason, WaitingFor};
use queue::Delivery;
use store::{Lease, Release, StoreError};
use tokio::time::timeout;

use super::active::ActiveJob;
use super::heartbeat::{Heartbeat, StopReason};
use super::outcome::{JobEnd, JobResult, Outcome, OutcomeKind};
use crate::compute::memory::{Permit, Reservation};
use crate::compute::{Computation, ComputeError};
use crate::{Worker, WorkerError, metrics};

/// Timeout for releasing a job during shutdown.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(700);

impl ActiveJob<'_> {
    /// Processes the job.
    ///
    /// # Errors
    /// When a port or the system failed.
    pub(crate) async fn process(&self) -> Result<Outcome, WorkerError> {
        match self.run_steps().await {
            Ok(kind) | Err(JobEnd::Outcome(kind)) => Ok(Outcome { subject: self.subject().clone(), kind }),
            Err(JobEnd::Error(error)) => Err(error),
        }
    }

    async fn run_steps(&self) -> JobResult<OutcomeKind> {
        self.health.note_working();
        let worker = self.worker;
        let subject = self.subject();
        let estimate = calculator::estimate(subject);
        let memory = self.reserve_memory(estimate.memory_bytes).await?;
        let lease = self.lease_if_needed(estimate.work).await?;
        let _shown = lease.as_ref().map(|lease| {
            self.health.note_working_leased();
            worker.show_computing(&lease.subject)
        });

        let turn = self.turn.lock().await;
        let started_at = worker.ports.clock.now();
        let computation = match Computation::start(worker, subject, self.delivery.job.lane, estimate.work, memory) {
            Ok(computation) => computation,
            Err(error) => return self.thread_refused(error, lease.as_ref()).await,
        };
        let heartbeat = lease.as_ref().map(|lease| Heartbeat::start(self, lease, computation.watch())).transpose();
        let heartbeat = match heartbeat {
            Ok(heartbeat) => heartbeat,
            Err(error) => return self.thread_refused(error, lease.as_ref()).await,
        };
        let computed = computation.finish().await;
        drop(turn);
        match computed {
            Ok(value) => {
                metrics::computed(self.delivery.job.lane, value.elapsed);
                tracing::debug!(
                    elapsed_ms = value.elapsed.as_secs_f64() * 1e3,
                    estimate_ms = estimate.work.as_secs_f64() * 1e3,
                    "computed"
                );
                self.complete(value, started_at, lease, heartbeat).await
            }
            Err(error) => {
                let stopped = match heartbeat {
                    Some(heartbeat) => heartbeat.end().await,
                    None => None,
                };
                self.settle_without_value(&error, lease, stopped).await
            }
        }
    }

    async fn reserve_memory(&self, bytes: u64) -> JobResult<Permit> {
        match self.worker.memory.reserve(bytes, self.delivery.job.enqueued_at) {
            Reservation::Granted(permit) => Ok(permit),
            Reservation::Queued(ticket) => self.wait_for_memory(ticket).await,
            Reservation::TooLarge => {
                if self.fits_elsewhere(bytes).await {
                    self.nack(self.worker.settings.retry_after).await;
                    return Err(OutcomeKind::Released.into());
                }
                // The lease tells whether there is anything left to fail.
                let (lease, _) = self.take_lease().await?;
                Err(self.fail(&lease, FailureReason::TooLargeToFit).await?.into())
            }
        }
    }

    /// Returns whether another worker reports that it can hold a computation of `bytes`.
    async fn fits_elsewhere(&self, bytes: u64) -> bool {
        let Ok(reports) = self.worker.ports.queue.workers().await else { return false };
        let id = &self.worker.settings.id;
        reports.iter().any(|report| report.id != *id && report.memory_bytes.is_some_and(|most| most >= bytes))
    }

    async fn lease_if_needed(&self, work: Duration) -> JobResult<Option<Lease>> {
        if !needs_lease(self.worker, self.delivery, work) {
            return Ok(None);
        }
        let (lease, calculation) = self.take_lease().await?;
        self.worker.publish(slice::from_ref(&calculation)).await;
        Ok(Some(lease))
    }

    async fn settle_without_value(
        &self,
        error: &ComputeError,
        lease: Option<Lease>,
        stopped: Option<StopReason>,
    ) -> JobResult<OutcomeKind> {
        match (stopped, lease) {
            (Some(StopReason::Withdrawn), _) => {
                // The API has published the cancellation, but this worker may have published progress since.
                self.worker.publish_current(self.subject()).await;
                self.ack().await;
                self.enqueue_if_resubmitted().await;
                Ok(OutcomeKind::Cancelled)
            }
            (Some(StopReason::LeaseLost), _) => Ok(self.lease_lost().await),
            // A shutdown does not wait for a store that hangs: the lease expires.
            (Some(StopReason::Shutdown), Some(lease)) => {
                match timeout(RELEASE_TIMEOUT, self.release_lease(&lease)).await {
                    Ok(outcome) => outcome,
                    Err(elapsed) => Err(WorkerError::from(StoreError::Unavailable(elapsed.into())).into()),
                }
            }
            // Other computations had the memory that this one was granted, so the machine has less than configured.
            (_, lease) if error.is_out_of_memory() && self.worker.memory.reserved_bytes() > 0 => {
                tracing::warn!("not enough memory beside other computations; the job waits");
                self.wait_for(lease, WaitingFor::Memory).await
            }
            (_, lease) => self.retry(lease, failure_reason(error)).await,
        }
    }

    /// Returns a leased job for other workers to begin at once.
    async fn release_lease(&self, lease: &Lease) -> JobResult<OutcomeKind> {
        match self.worker.ports.store.release(lease, Release::HandBack).await {
            Ok(true) => self.worker.publish_current(self.subject()).await,
            Ok(false) => return Ok(self.lease_lost().await),
            Err(error) => return Err(self.store_failed(error).await),
        }
        self.release().await;
        Ok(OutcomeKind::Released)
    }

    async fn thread_refused(&self, error: std::io::Error, lease: Option<&Lease>) -> JobResult<OutcomeKind> {
        if let Some(lease) = lease {
            self.release_lease(lease).await?;
        } else {
            self.release().await;
        }
        Err(WorkerError::from(error).into())
    }
}

/// Returns whether work takes a lease: if it is long, and also if it is redelivered, however short. The store counts lost
/// leases, which is how jobs that kill workers are found.
pub(super) fn needs_lease(worker: &Worker, delivery: &Delivery, work: Duration) -> bool {
    let settings = &worker.settings;
    let is_inherited = settings.leased_before.is_some_and(|start| delivery.job.enqueued_at < start);
    work > settings.leased_above || delivery.reclaimed || is_inherited
}

/// Returns the reason to report if this error is the last one allowed.
fn failure_reason(error: &ComputeError) -> FailureReason {
    match error {
        ComputeError::Kernel(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "cannot compute the value");
            match error {
                fibonacci::Error::OutOfMemory { .. } => FailureReason::TooLargeToFit,
                // Nobody cancels without a reason to stop, so only a failed check is left.
                fibonacci::Error::CheckFailed { .. } | fibonacci::Error::Cancelled => FailureReason::CheckFailed,
            }
        }
        ComputeError::Panicked => {
            tracing::error!("the computation panicked");
            FailureReason::CheckFailed
        }
    }
}
