//! From a computed value to an acknowledged job.

use std::sync::Arc;

use backon::{BackoffBuilder, ExponentialBuilder};
use model::{BoxError, FailureReason, Subject, Timestamp, WaitingFor};
use store::{AboveLimit, CompleteResult, CompletedValue, Lease, Placement, StoreError, ValueError};
use tokio::time::{Instant, sleep};

use super::active::ActiveJob;
use super::heartbeat::Heartbeat;
use super::outcome::{JobResult, OutcomeKind};
use crate::compute::value::ComputedValue;
use crate::{Worker, WorkerError};

/// Pauses between attempts while the store is unreachable.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(std::time::Duration::from_millis(250))
    .with_max_delay(std::time::Duration::from_secs(4))
    .without_max_times();

impl ActiveJob<'_> {
    /// Completes the calculation, publishes it and acknowledges the job. The heartbeat continues until it is stored.
    pub(super) async fn complete(
        &self,
        value: ComputedValue,
        started_at: Timestamp,
        lease: Option<Lease>,
        heartbeat: Option<Heartbeat>,
    ) -> JobResult<OutcomeKind> {
        let completed = self.store_value(&value, started_at).await;
        if let Some(heartbeat) = heartbeat {
            // A right value counts whatever became of the lease. But no progress may be published after the end.
            heartbeat.end().await;
        }
        match completed {
            Ok(CompleteResult::Recorded(calculation)) => {
                self.settle(&calculation).await;
                Ok(OutcomeKind::Completed)
            }
            Ok(CompleteResult::AlreadyKnown(calculation)) => {
                self.settle(&calculation).await;
                Ok(OutcomeKind::AlreadyCompleted)
            }
            Ok(CompleteResult::Contradiction(calculation)) => {
                tracing::error!("the value differs from the one known before");
                self.worker.cache_remove(self.subject()).await;
                self.settle(&calculation).await;
                Ok(OutcomeKind::Failed { reason: FailureReason::Contradiction })
            }
            Ok(CompleteResult::Ended(calculation)) => {
                self.settle(&calculation).await;
                Ok(OutcomeKind::of_finished(&calculation))
            }
            Ok(CompleteResult::Unknown) => Ok(self.settle_unknown().await),
            Err(CompleteError::Unreachable(cause)) => {
                // Timed out, or the worker shuts down. The lease expires, and others try.
                self.release().await;
                Err(WorkerError::from(StoreError::Unavailable(cause)).into())
            }
            Err(error @ CompleteError::Full(_)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the job waits for storage");
                self.wait_for(lease, WaitingFor::Storage).await
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot store the value");
                self.retry(lease, FailureReason::StorageFailed).await
            }
        }
    }

    /// Stores the value, retrying while the store is unreachable: a computed value is worth more than its memory.
    async fn store_value(&self, value: &ComputedValue, started_at: Timestamp) -> Result<CompleteResult, CompleteError> {
        let worker = self.worker;
        let deadline = Instant::now() + worker.settings.complete_timeout;
        let mut pauses = BACKOFF.build();
        let (mut placed, mut failing) = (None, false);
        loop {
            let error = match self.try_store_value(value, started_at, &mut placed).await {
                Err(error @ CompleteError::Unreachable(_)) => error,
                settled => return settled,
            };
            worker.note_outage();
            if !std::mem::replace(&mut failing, true) {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot store the value yet; retrying");
            }
            // Keeps the claim, or another worker would compute the same only to wait as well.
            self.extend().await;
            let pause = pauses.next().unwrap_or_default();
            if Instant::now() + pause > deadline || worker.stopping().is_cancelled() {
                return Err(error);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = worker.stopping().cancelled() => {}
            }
        }
    }

    async fn try_store_value(
        &self,
        value: &ComputedValue,
        started_at: Timestamp,
        placed: &mut Option<CompletedValue>,
    ) -> Result<CompleteResult, CompleteError> {
        let completed = match placed {
            // An earlier attempt placed the digits.
            Some(completed) => completed,
            None => placed.insert(self.place(value, started_at).await?),
        };
        Ok(self.worker.ports.store.complete(completed).await?)
    }

    /// Places the digits in the object store if they are long, and describes the value.
    async fn place(&self, value: &ComputedValue, started_at: Timestamp) -> Result<CompletedValue, ValueError> {
        let worker = self.worker;
        worker.evict_for(value.digest.size_bytes).await?;
        let placement = worker.ports.values.place(self.subject(), Arc::clone(&value.text), &value.digest).await?;
        Ok(describe(self.subject(), value, placement, started_at, worker.ports.clock.now()))
    }
}

impl Worker {
    /// Evicts values until `bytes` more fit, and publishes that.
    pub(super) async fn evict_for(&self, bytes: u64) -> Result<(), ValueError> {
        let (evicted, result) = self.ports.values.make_room(bytes).await;
        for subject in evicted {
            self.cache_remove(&subject).await;
            self.publish_current(&subject).await;
        }
        result
    }
}

/// Describes a value whose text is placed.
pub(super) fn describe(
    subject: &Subject,
    value: &ComputedValue,
    placement: Placement,
    started_at: Timestamp,
    finished_at: Timestamp,
) -> CompletedValue {
    CompletedValue {
        subject: subject.clone(),
        sha256: value.digest.sha256,
        first_digits: value.first_digits.clone(),
        last_digits: value.last_digits.clone(),
        digits: value.digits,
        size_bytes: value.digest.size_bytes,
        placement,
        started_at,
        finished_at,
        compute_ms: u64::try_from(value.elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Why a value was not stored.
#[derive(Debug, thiserror::Error)]
enum CompleteError {
    /// A later call may succeed.
    #[error("the store or the values are unreachable")]
    Unreachable(#[source] BoxError),
    /// A disk is full; the same call succeeds when there is space again.
    #[error("no space is left for the value")]
    Full(#[source] BoxError),
    /// The call failed: this counts as an error of the job.
    #[error("the value was refused")]
    Refused(#[source] BoxError),
}

impl From<StoreError> for CompleteError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::Unreachable(cause),
            StoreError::Full(cause) => Self::Full(cause),
            StoreError::QueueFull { .. } | StoreError::Corrupt(_) => Self::Refused(error.into()),
        }
    }
}

impl From<ValueError> for CompleteError {
    fn from(error: ValueError) -> Self {
        match error {
            ValueError::Unavailable(cause) => Self::Unreachable(cause),
            // A value above the limit of all values never fits.
            ValueError::Full(cause) if !cause.is::<AboveLimit>() => Self::Full(cause),
            ValueError::Full(_) | ValueError::Lost(_) | ValueError::Corrupt(_) => Self::Refused(error.into()),
        }
    }
}
