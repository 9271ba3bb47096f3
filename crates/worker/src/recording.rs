//! From a computed value to an acknowledged job.

use std::time::Duration;

use model::{Calculation, FailureReason, Subject, Timestamp, Value};
use store::{Lease, RecordedValue, Recording, StoreError};
use tokio::time::{Instant, sleep};

use crate::compute::Computed;
use crate::heartbeat::Heartbeat;
use crate::placing::Placed;
use crate::step::{Outcome, Task};
use crate::{Worker, WorkerError};

/// A value on its way into the record.
pub(crate) struct Found {
    value: FoundValue,
    started_at: Timestamp,
    compute_ms: u64,
}

enum FoundValue {
    Computed(Computed),
    /// Taken from the value of −n: its decimal text.
    Mirrored(String),
}

/// The longest pause between two tries to record.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl Found {
    pub(crate) fn computed(computed: Computed, started_at: Timestamp) -> Self {
        let compute_ms = u64::try_from(computed.took.as_millis()).unwrap_or(u64::MAX);
        Self { value: FoundValue::Computed(computed), started_at, compute_ms }
    }

    pub(crate) fn mirrored(text: String, started_at: Timestamp) -> Self {
        Self { value: FoundValue::Mirrored(text), started_at, compute_ms: 0 }
    }

    /// Puts the text where it belongs and says what is to be recorded. Placing it again is harmless.
    async fn place(&self, worker: &Worker, subject: &Subject) -> Result<RecordedValue, StoreError> {
        let placed = match &self.value {
            FoundValue::Mirrored(text) => Placed::inline(text.clone()),
            FoundValue::Computed(computed) if computed.value.text_len() <= Value::INLINE_BYTES => {
                Placed::inline(computed.value.to_string())
            }
            FoundValue::Computed(computed) => Placed::object(worker, subject, &computed.value).await?,
        };
        Ok(RecordedValue {
            subject: subject.clone(),
            sha256: placed.sha256,
            first_digits: placed.first_digits,
            last_digits: placed.last_digits,
            digits: placed.digits,
            size_bytes: placed.size_bytes,
            placement: placed.placement,
            started_at: self.started_at,
            finished_at: worker.ports.clock.now(),
            compute_ms: self.compute_ms,
        })
    }
}

impl Task<'_> {
    /// Records what was found, tells everybody and acknowledges. The heartbeat goes on until it is recorded.
    pub(crate) async fn record(
        &self,
        found: Found,
        lease: Option<Lease>,
        heartbeat: Option<Heartbeat>,
    ) -> Result<Outcome, WorkerError> {
        let recording = self.record_patiently(&found).await;
        if let Some(heartbeat) = heartbeat {
            // Whatever it thinks of the lease: a right value is right from anybody. But no progress may
            // be announced after the end.
            heartbeat.end().await;
        }
        let worker = self.worker;
        let subject = self.subject().clone();
        match recording {
            Ok(Recording::Recorded(calculation)) => {
                self.conclude(&calculation).await;
                Ok(Outcome::Recorded { subject })
            }
            Ok(Recording::AlreadyKnown(calculation)) => {
                self.conclude(&calculation).await;
                Ok(Outcome::AlreadyKnown { subject })
            }
            Ok(Recording::Contradiction(calculation)) => {
                tracing::error!("the value differs from the one known before");
                worker.announce(&calculation).await;
                if let Err(error) = worker.ports.known.forget(&subject).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "not forgotten by the cache");
                }
                self.ack().await;
                Ok(Outcome::GaveUp { subject, reason: FailureReason::Contradiction })
            }
            Ok(Recording::Unknown) => Ok(self.settle_unknown().await),
            Err(error @ StoreError::Unavailable(_)) => {
                // Patience is over, or the worker shuts down. The lease runs out, others try.
                self.hand_back().await;
                Err(error.into())
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "value not stored");
                self.set_back(lease, FailureReason::StorageFailed).await
            }
        }
    }

    /// Places and records the value, waiting while the store is out of reach: what was computed is
    /// dearer than the memory it takes.
    async fn record_patiently(&self, found: &Found) -> Result<Recording, StoreError> {
        let worker = self.worker;
        let deadline = Instant::now() + worker.settings.record_patience;
        let mut pause = Duration::from_millis(250);
        let mut recorded = None;
        loop {
            let error = match self.try_to_record(found, &mut recorded).await {
                Ok(recording) => return Ok(recording),
                Err(error) => error,
            };
            if !matches!(error, StoreError::Unavailable(_)) || Instant::now() + pause > deadline {
                return Err(error);
            }
            worker.note_outage();
            tracing::warn!(error = &error as &dyn std::error::Error, "not recorded yet");
            // Keeps the claim, or another worker would compute the same only to wait as well.
            self.extend().await;
            tokio::select! {
                () = sleep(pause) => {}
                () = worker.stopping().cancelled() => return Err(error),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_to_record(
        &self,
        found: &Found,
        recorded: &mut Option<RecordedValue>,
    ) -> Result<Recording, StoreError> {
        let recorded = match recorded {
            Some(recorded) => recorded,
            None => recorded.insert(found.place(self.worker, self.subject()).await?),
        };
        self.worker.ports.store.record_value(recorded).await
    }

    async fn conclude(&self, calculation: &Calculation) {
        self.worker.announce(calculation).await;
        self.keep_at_hand(calculation).await;
        self.ack().await;
    }

    /// Puts a finished calculation into the cache. A failure costs time later, so it is logged only.
    pub(crate) async fn keep_at_hand(&self, calculation: &Calculation) {
        if !calculation.is_readable() {
            return;
        }
        if let Err(error) = self.worker.ports.known.put(calculation).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not cached");
        }
    }
}
