//! Error handling: retry with backoff, then fail.

use std::time::Duration;

use model::{Failure, FailureReason, WaitingFor};
use store::{Lease, Release};

use super::active::ActiveJob;
use super::outcome::{JobResult, OutcomeKind};
use crate::metrics;

/// Errors after which a calculation fails.
const MAX_ERRORS: u32 = 3;
/// The longest pause of a job that waits for memory or storage.
const MAX_WAIT_PAUSE: Duration = Duration::from_secs(30);

impl ActiveJob<'_> {
    /// Counts an error in the store, where it outlives the queue. Retries later, or fails at the third error.
    pub(super) async fn retry(&self, lease: Option<Lease>, reason: FailureReason) -> JobResult<OutcomeKind> {
        // Work without a lease takes one only to have the error counted.
        let lease = match lease {
            Some(lease) => lease,
            None => self.take_lease().await?.0,
        };
        if lease.errors.saturating_add(1) >= MAX_ERRORS {
            return self.fail(&lease, reason).await;
        }
        match self.worker.ports.store.release(&lease, Release::Error).await {
            Ok(true) => {}
            Ok(false) => return Ok(self.lease_lost().await),
            Err(error) => return Err(self.store_failed(error).await),
        }
        self.worker.publish_current(self.subject()).await;
        let after = retry_pause(self.worker.settings.retry_after, lease.errors);
        self.nack(after).await;
        Ok(OutcomeKind::Retried { after })
    }

    /// Returns the job until what it waits for may be there. This is no error of the job: nothing is counted.
    pub(super) async fn wait_for(&self, lease: Option<Lease>, reason: WaitingFor) -> JobResult<OutcomeKind> {
        let lease = match lease {
            Some(lease) => lease,
            None => self.take_lease().await?.0,
        };
        match self.worker.ports.store.release(&lease, Release::Waiting(reason)).await {
            Ok(true) => {}
            Ok(false) => return Ok(self.lease_lost().await),
            Err(error) => return Err(self.store_failed(error).await),
        }
        self.worker.publish_current(self.subject()).await;
        // The queue counts the attempts of a job, waiting included.
        let earlier = self.delivery.job.attempt.saturating_sub(1);
        let after = retry_pause(self.worker.settings.retry_after, earlier).min(MAX_WAIT_PAUSE);
        self.nack(after).await;
        Ok(OutcomeKind::Retried { after })
    }

    /// Fails the calculation for good.
    pub(super) async fn fail(&self, lease: &Lease, reason: FailureReason) -> JobResult<OutcomeKind> {
        let worker = self.worker;
        let failure = Failure { reason, attempts: lease.attempt };
        let now = worker.ports.clock.now();
        match worker.ports.store.fail(self.subject(), Some(lease), failure, now).await {
            Ok(Some(calculation)) => {
                tracing::error!(%reason, attempts = lease.attempt, "calculation failed");
                self.settle(&calculation).await;
                Ok(OutcomeKind::Failed { reason })
            }
            // Another worker has the lease by now, or has finished.
            Ok(None) => Ok(self.lease_lost().await),
            Err(error) => Err(self.store_failed(error).await),
        }
    }

    /// Leaves the job to the worker that has the lease now. Nobody has one if the calculation was cancelled and
    /// submitted again: then the release makes its job claimable at once.
    pub(super) async fn lease_lost(&self) -> OutcomeKind {
        metrics::lease_lost();
        self.release().await;
        OutcomeKind::LeaseLost
    }
}

/// Returns the pause after an error that had `earlier` others before it: each is four times the one before.
fn retry_pause(first: Duration, earlier: u32) -> Duration {
    first.saturating_mul(4_u32.saturating_pow(earlier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_four_times_the_one_before() {
        let second = Duration::from_secs(1);
        assert_eq!([0, 1, 2].map(|earlier| retry_pause(second, earlier).as_secs()), [1, 4, 16]);
        assert!(retry_pause(second, u32::MAX) > Duration::from_secs(3600));
    }
}
