//! The right to work on a job: its lease, and the memory it needs.

use std::time::Duration;

use model::{Calculation, FailureReason, Status, WaitingFor};
use store::{Lease, LeaseResult, Release, StoreError};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::WorkerError;
use crate::budget::{Permit, Place};
use crate::step::{Outcome, Task};

/// What came of trying to get something that work needs.
pub(crate) enum Got<T> {
    /// It is ours: go on.
    Ours(T),
    /// The job is settled for now.
    Over(Outcome),
}

/// After another's lease has run out, its row can be had a moment later for sure.
const PAST_THE_LEASE: Duration = Duration::from_millis(20);

impl Task<'_> {
    /// Takes a lease on the row, which is `running` then; gives the row to be announced.
    pub(crate) async fn take_lease(&self) -> Result<Got<(Lease, Calculation)>, WorkerError> {
        let worker = self.worker;
        // While the store was out of reach nobody could renew: whoever works on this first gets one
        // lease of time to do so. A job that was never begun is nobody's.
        if (self.delivery.reclaimed || self.delivery.job.attempt > 1)
            && let Some(pause) = worker.pause_after_outage()
        {
            self.nack(pause).await;
            return Ok(Got::Over(Outcome::HeldElsewhere { subject: self.subject().clone() }));
        }
        let subject = self.subject();
        let now = worker.ports.clock.now();
        match worker.ports.store.lease(subject, &worker.settings.id, worker.settings.lease, now).await {
            Ok(LeaseResult::Leased(lease, calculation)) => Ok(Got::Ours((lease, calculation))),
            Ok(LeaseResult::Held { remaining }) => {
                self.nack(remaining + PAST_THE_LEASE).await;
                Ok(Got::Over(Outcome::HeldElsewhere { subject: subject.clone() }))
            }
            Ok(LeaseResult::Finished(calculation)) => Ok(Got::Over(self.settle_finished(&calculation).await)),
            Ok(LeaseResult::Poisoned(calculation)) => {
                worker.announce(&calculation).await;
                self.ack().await;
                Ok(Got::Over(Outcome::GaveUp { subject: subject.clone(), reason: FailureReason::WorkersLost }))
            }
            Ok(LeaseResult::Unknown) => Ok(Got::Over(self.settle_unknown().await)),
            Err(error) => Err(self.store_failed(error).await),
        }
    }

    /// Waits for a place in the line for memory, the row `queued` and saying so, the claim kept.
    /// After [`memory_wait`](crate::Settings::memory_wait) other workers may have the job.
    pub(crate) async fn wait_for_memory(&self, mut place: Place) -> Result<Got<Permit>, WorkerError> {
        let worker = self.worker;
        let lease = match self.take_lease().await? {
            Got::Ours((lease, _)) => lease,
            Got::Over(outcome) => return Ok(Got::Over(outcome)),
        };
        if let Err(error) = worker.ports.store.release(&lease, Release::Waiting(WaitingFor::Memory)).await {
            return Err(self.store_failed(error).await);
        }
        worker.announce_present(self.subject()).await;

        let patience = sleep(worker.settings.memory_wait);
        tokio::pin!(patience);
        let mut beat = interval(worker.settings.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                permit = place.granted() => match permit {
                    Some(permit) => return Ok(Got::Ours(permit)),
                    None => break,
                },
                () = worker.stopping().cancelled() => break,
                () = &mut patience => break,
                _ = beat.tick() => if !self.extend().await {
                    return Ok(Got::Over(Outcome::HeldElsewhere { subject: self.subject().clone() }));
                },
            }
        }
        self.hand_back().await;
        Ok(Got::Over(Outcome::HandedBack { subject: self.subject().clone() }))
    }

    /// Ends a job whose row needs nothing more. Tells everybody once more: whoever finished it may
    /// have died before it could.
    async fn settle_finished(&self, calculation: &Calculation) -> Outcome {
        tokio::join!(self.worker.announce(calculation), self.keep_at_hand(calculation));
        self.ack().await;
        let subject = self.subject().clone();
        match (calculation.status(), &calculation.state) {
            (Status::Cancelled, _) => Outcome::Withdrawn { subject },
            (_, model::CalculationState::Failed { failure, .. }) => Outcome::GaveUp { subject, reason: failure.reason },
            _ => Outcome::AlreadyKnown { subject },
        }
    }

    /// Ends a job that has no row: the record was replaced by an older one, and nobody waits for this.
    pub(crate) async fn settle_unknown(&self) -> Outcome {
        tracing::warn!("the record knows nothing of this job");
        self.ack().await;
        Outcome::Unknown { subject: self.subject().clone() }
    }

    /// Lets the job come again a little later, because the store did not serve.
    pub(crate) async fn store_failed(&self, error: StoreError) -> WorkerError {
        if matches!(error, StoreError::Unavailable(_)) {
            self.worker.note_outage();
        }
        self.nack(self.worker.settings.lease).await;
        error.into()
    }
}
