//! What becomes of a job that met an error.

use std::time::Duration;

use model::{Failure, FailureReason};
use store::{Lease, Release};

use crate::WorkerError;
use crate::claiming::Got;
use crate::step::{Outcome, Task};

/// So many errors fail a calculation.
const ERRORS_ALLOWED: u32 = 3;

impl Task<'_> {
    /// Counts an error in the record, where it outlives the queue: tries again later, or gives up at the third.
    pub(crate) async fn set_back(&self, lease: Option<Lease>, reason: FailureReason) -> Result<Outcome, WorkerError> {
        // Work without a lease takes one only to have the error counted.
        let lease = match lease {
            Some(lease) => lease,
            None => match self.take_lease().await? {
                Got::Ours((lease, _)) => lease,
                Got::Over(outcome) => return Ok(outcome),
            },
        };
        if lease.errors.saturating_add(1) >= ERRORS_ALLOWED {
            return self.give_up(&lease, reason).await;
        }
        match self.worker.ports.store.release(&lease, Release::Error).await {
            Ok(true) => {}
            Ok(false) => return Ok(self.lease_lost()),
            Err(error) => return Err(self.store_failed(error).await),
        }
        self.worker.announce_present(self.subject()).await;
        let after = back_off(self.worker.settings.retry_after, lease.errors);
        self.nack(after).await;
        Ok(Outcome::Retried { subject: self.subject().clone(), after })
    }

    /// Fails the calculation for good.
    pub(crate) async fn give_up(&self, lease: &Lease, reason: FailureReason) -> Result<Outcome, WorkerError> {
        let worker = self.worker;
        let failure = Failure { reason, attempts: lease.attempt };
        let now = worker.ports.clock.now();
        match worker.ports.store.fail(self.subject(), Some(lease), failure, now).await {
            Ok(Some(calculation)) => {
                tracing::error!(%reason, attempts = lease.attempt, "given up");
                worker.announce(&calculation).await;
                self.ack().await;
                Ok(Outcome::GaveUp { subject: self.subject().clone(), reason })
            }
            // Another has the lease by now, or has finished.
            Ok(None) => Ok(self.lease_lost()),
            Err(error) => Err(self.store_failed(error).await),
        }
    }

    /// Leaves the job to whoever has it now. Not acknowledged: if nobody has it, it comes again.
    pub(crate) fn lease_lost(&self) -> Outcome {
        crate::metrics::lease_lost();
        Outcome::LeaseLost { subject: self.subject().clone() }
    }
}

/// The pause after an error when there were `earlier` others: once, four times, sixteen times `first` …
fn back_off(first: Duration, earlier: u32) -> Duration {
    first.saturating_mul(4_u32.saturating_pow(earlier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_four_times_the_one_before() {
        let second = Duration::from_secs(1);
        assert_eq!([0, 1, 2].map(|earlier| back_off(second, earlier).as_secs()), [1, 4, 16]);
        assert!(back_off(second, u32::MAX) > Duration::from_secs(3600));
    }
}
