//! From a computed value to an acknowledged job.

use std::sync::Arc;
use std::time::Duration;

use model::{Calculation, FailureReason, Timestamp, Value};
use store::{CompleteResult, CompletedValue, Lease, StoreError, ValueError};
use tokio::time::{Instant, sleep};

use crate::WorkerError;
use crate::found::Found;
use crate::heartbeat::Heartbeat;
use crate::step::{Outcome, Task};
use model::BoxError;

/// The first pause between two tries to record; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause between two tries to record.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl Task<'_> {
    /// Records what was found, tells everybody and acknowledges. The heartbeat goes on until it is recorded.
    pub(crate) async fn record(
        &self,
        found: Found,
        started_at: Timestamp,
        lease: Option<Lease>,
        heartbeat: Option<Heartbeat>,
    ) -> Result<Outcome, WorkerError> {
        let recording = self.record_patiently(&found, started_at).await;
        if let Some(heartbeat) = heartbeat {
            // Whatever it thinks of the lease: a right value is right from anybody. But no progress may
            // be announced after the end.
            heartbeat.end().await;
        }
        let worker = self.worker;
        let subject = self.subject().clone();
        match recording {
            Ok(CompleteResult::Recorded(calculation)) => {
                self.conclude(&calculation).await;
                Ok(Outcome::Recorded { subject })
            }
            Ok(CompleteResult::AlreadyKnown(calculation)) => {
                self.conclude(&calculation).await;
                Ok(Outcome::AlreadyKnown { subject })
            }
            Ok(CompleteResult::Contradiction(calculation)) => {
                tracing::error!("the value differs from the one known before");
                worker.announce(&calculation).await;
                worker.forget(&subject).await;
                self.ack().await;
                Ok(Outcome::GaveUp { subject, reason: FailureReason::Contradiction })
            }
            Ok(CompleteResult::Unknown) => Ok(self.settle_unknown().await),
            Err(Unrecorded::OutOfReach(cause)) => {
                // Patience is over, or the worker shuts down. The lease runs out, others try.
                self.hand_back().await;
                Err(StoreError::Unavailable(cause).into())
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "value not stored");
                self.set_back(lease, FailureReason::StorageFailed).await
            }
        }
    }

    /// Places and records the value, waiting while the store is out of reach: what was computed is
    /// dearer than the memory it takes.
    async fn record_patiently(&self, found: &Found, started_at: Timestamp) -> Result<CompleteResult, Unrecorded> {
        let worker = self.worker;
        let deadline = Instant::now() + worker.settings.record_patience;
        let mut pause = FIRST_PAUSE;
        let mut recorded = None;
        loop {
            let error = match self.try_to_record(found, started_at, &mut recorded).await {
                Err(error @ Unrecorded::OutOfReach(_)) => error,
                settled => return settled,
            };
            worker.note_outage();
            if pause == FIRST_PAUSE {
                tracing::warn!(error = &error as &dyn std::error::Error, "not recorded yet");
            }
            // Keeps the claim, or another worker would compute the same only to wait as well.
            self.extend().await;
            if Instant::now() + pause > deadline || worker.stopping().is_cancelled() {
                return Err(error);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = worker.stopping().cancelled() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_to_record(
        &self,
        found: &Found,
        started_at: Timestamp,
        recorded: &mut Option<CompletedValue>,
    ) -> Result<CompleteResult, Unrecorded> {
        let recorded = match recorded {
            // The text is where it belongs since an earlier try.
            Some(recorded) => recorded,
            None => recorded.insert(self.place(found, started_at).await?),
        };
        Ok(self.worker.ports.store.complete(recorded).await?)
    }

    /// Puts the text where it belongs and says what is to be recorded.
    async fn place(&self, found: &Found, started_at: Timestamp) -> Result<CompletedValue, ValueError> {
        let Self { worker, .. } = *self;
        if found.digested.size_bytes > Value::INLINE_BYTES {
            self.make_room(found.digested.size_bytes).await?;
        }
        let text = Arc::clone(&found.text);
        let placement = worker.ports.values.place(self.subject(), text, &found.digested).await?;
        Ok(CompletedValue {
            subject: self.subject().clone(),
            sha256: found.digested.sha256,
            first_digits: found.first_digits.clone(),
            last_digits: found.last_digits.clone(),
            digits: found.digits,
            size_bytes: found.digested.size_bytes,
            placement,
            started_at,
            finished_at: worker.ports.clock.now(),
            compute_ms: u64::try_from(found.took.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Evicts what was read least, and says so to cache and watchers.
    async fn make_room(&self, incoming_bytes: u64) -> Result<(), ValueError> {
        for subject in self.worker.ports.values.make_room(incoming_bytes).await? {
            self.worker.forget(&subject).await;
            self.worker.announce_present(&subject).await;
        }
        Ok(())
    }

    async fn conclude(&self, calculation: &Calculation) {
        tokio::join!(self.worker.announce(calculation), self.keep_at_hand(calculation));
        self.ack().await;
    }

    /// Puts a finished calculation into the cache. A failure costs time later, so it is logged only.
    pub(crate) async fn keep_at_hand(&self, calculation: &Calculation) {
        if !calculation.is_readable() {
            return;
        }
        if let Err(error) = self.worker.ports.cache.put(calculation).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not cached");
        }
    }
}

/// Why a value was not recorded.
#[derive(Debug, thiserror::Error)]
enum Unrecorded {
    /// The same may go well later.
    #[error("the record or the values are out of reach")]
    OutOfReach(#[source] BoxError),
    /// It was tried and did not work: this counts.
    #[error("the value could not be stored")]
    Refused(#[source] BoxError),
}

impl From<StoreError> for Unrecorded {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::OutOfReach(cause),
            StoreError::QueueFull { .. } | StoreError::Full(_) | StoreError::Corrupt(_) => Self::Refused(error.into()),
        }
    }
}

impl From<ValueError> for Unrecorded {
    fn from(error: ValueError) -> Self {
        match error {
            ValueError::Unavailable(cause) => Self::OutOfReach(cause),
            ValueError::Full(_) | ValueError::Lost(_) | ValueError::Corrupt(_) => Self::Refused(error.into()),
        }
    }
}
