//! The right to work on a job: its lease, and the memory it needs.

use std::time::Duration;

use model::{Calculation, FailureReason, WaitingFor};
use store::{Lease, LeaseResult, Release, StoreError};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::active::ActiveJob;
use super::outcome::{JobEnd, JobResult, OutcomeKind};
use crate::compute::memory::{Permit, Ticket};

/// Margin added when retrying after another worker's lease expires.
const LEASE_MARGIN: Duration = Duration::from_millis(20);

impl ActiveJob<'_> {
    /// Takes a lease on the calculation, which is `running` then. Returns the calculation to be published.
    pub(super) async fn take_lease(&self) -> JobResult<(Lease, Calculation)> {
        let worker = self.worker;
        // While the store was unreachable nobody could renew: the first worker to claim this job waits one lease of
        // time to do so. A job that was never begun belongs to nobody.
        if (self.delivery.reclaimed || self.delivery.job.attempt > 1)
            && let Some(pause) = worker.pause_after_outage()
        {
            self.nack(pause).await;
            return Err(OutcomeKind::LeasedElsewhere.into());
        }
        let now = worker.ports.clock.now();
        match worker.ports.store.lease(self.subject(), &worker.settings.id, worker.settings.lease, now).await {
            Ok(LeaseResult::Leased(lease, calculation)) => Ok((lease, calculation)),
            Ok(LeaseResult::Held { remaining }) => {
                self.nack(remaining + LEASE_MARGIN).await;
                Err(OutcomeKind::LeasedElsewhere.into())
            }
            Ok(LeaseResult::Finished(calculation)) => {
                // The worker that finished it may have died before publishing the event.
                self.settle(&calculation).await;
                Err(OutcomeKind::of_finished(&calculation).into())
            }
            Ok(LeaseResult::Poisoned(calculation)) => {
                self.settle(&calculation).await;
                Err(OutcomeKind::Failed { reason: FailureReason::WorkersLost }.into())
            }
            Ok(LeaseResult::Unknown) => Err(self.settle_unknown().await.into()),
            Err(error) => Err(self.store_failed(error).await),
        }
    }

    /// Waits for memory with the calculation `queued` and saying so, and keeps the claim. After
    /// [`memory_wait`](crate::Settings::memory_wait) other workers may have the job.
    pub(super) async fn wait_for_memory(&self, mut ticket: Ticket) -> JobResult<Permit> {
        let worker = self.worker;
        let (lease, _) = self.take_lease().await?;
        if let Err(error) = worker.ports.store.release(&lease, Release::Waiting(WaitingFor::Memory)).await {
            return Err(self.store_failed(error).await);
        }
        worker.publish_current(self.subject()).await;

        let timeout = sleep(worker.settings.memory_wait);
        tokio::pin!(timeout);
        let mut beat = interval(worker.settings.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                permit = ticket.granted() => match permit {
                    Some(permit) => return Ok(permit),
                    None => break,
                },
                () = worker.stopping().cancelled() => break,
                () = &mut timeout => break,
                _ = beat.tick() => if !self.extend().await {
                    return Err(OutcomeKind::LeasedElsewhere.into());
                },
            }
        }
        self.release().await;
        Err(OutcomeKind::Released.into())
    }

    /// Ends a job without a calculation: the store was replaced by an older one.
    pub(super) async fn settle_unknown(&self) -> OutcomeKind {
        tracing::warn!("the store has no calculation for this job");
        self.ack().await;
        OutcomeKind::Unknown
    }

    /// Lets the job be redelivered a little later, because the store failed.
    pub(super) async fn store_failed(&self, error: StoreError) -> JobEnd {
        if matches!(error, StoreError::Unavailable(_)) {
            self.worker.note_outage();
        }
        self.nack(self.worker.settings.lease).await;
        JobEnd::Error(error.into())
    }
}
