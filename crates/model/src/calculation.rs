//! A calculation and its state.

use serde::{Deserialize, Serialize};

use crate::{Failure, Sha256, Status, Subject, Timestamp, WaitingFor};

/// The sequence number of a calculation, by first submission. Used in cursors only; the key is the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CalculationId(pub i64);

/// A calculation: one row of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calculation {
    /// The sequence number.
    pub id: CalculationId,
    /// The subject; the key.
    pub subject: Subject,
    /// The state.
    pub state: CalculationState,
    /// Number of decimal digits of |value|, known before the value is.
    pub digits: u64,
    /// Number of submissions; approximate, counted in memory and written in batches.
    #[serde(rename = "asked")]
    pub request_count: u64,
    /// Time of the first submission.
    pub asked_at: Timestamp,
    /// Time of the submission that queued it last, or of the loss of its value; `None` if a version that did not send it
    /// wrote this.
    #[serde(default)]
    pub queued_at: Option<Timestamp>,
    /// Number of times a worker has started it; short work that succeeded counts as one.
    pub attempt: u32,
}

/// The state of a calculation, with the data that exists in that state only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "status")]
pub enum CalculationState {
    /// Accepted, not started.
    Queued {
        /// The reason why it waits, if not its turn.
        waiting_for: Option<WaitingFor>,
    },
    /// A worker computes it.
    Running {
        /// Start of this attempt.
        started_at: Timestamp,
        /// The progress.
        progress: Progress,
    },
    /// The value is known.
    Done {
        /// Start of the successful attempt.
        started_at: Timestamp,
        /// Time of completion.
        finished_at: Timestamp,
        /// The facts about the value, and its text if that is short.
        value: Value,
    },
    /// It failed.
    Failed {
        /// Time of the failure.
        finished_at: Timestamp,
        /// The reason.
        failure: Failure,
    },
    /// All submitters cancelled it.
    Cancelled {
        /// Time of the last cancellation.
        finished_at: Timestamp,
    },
}

/// The progress of a computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Share of the work done, 0 to 1.
    pub fraction: f64,
    /// Estimated remaining time in milliseconds.
    pub remaining_ms: Option<u64>,
}

/// The facts about a value, which are kept even if its text is evicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Hash of the decimal text, sign included.
    pub sha256: Sha256,
    /// Bytes of the decimal text, sign included.
    pub size_bytes: u64,
    /// The first 20 digits (all, if fewer), without the sign.
    pub first_digits: String,
    /// The last 20 digits (all, if fewer).
    pub last_digits: String,
    /// Time spent computing, in milliseconds.
    pub compute_ms: u64,
    /// Location of the text.
    pub state: ValueState,
    /// The text itself, up to [`Value::TEXT_DIGITS`] digits.
    pub text: Option<String>,
}

impl Value {
    /// Maximum number of digits of a value that is part of the JSON of its calculation.
    pub const TEXT_DIGITS: u64 = 1_000;
    /// Maximum size of a text in the store; a longer one is an object.
    pub const INLINE_BYTES: u64 = 64 * 1024;
    /// Number of digits kept of either end of every value.
    pub const END_DIGITS: u32 = 20;
}

/// The location of the text of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueState {
    /// In the store.
    Inline,
    /// In the object store.
    Object,
    /// Evicted to free space; submitting again computes it again.
    Evicted,
}

impl Calculation {
    /// Returns the status.
    pub const fn status(&self) -> Status {
        match self.state {
            CalculationState::Queued { .. } => Status::Queued,
            CalculationState::Running { .. } => Status::Running,
            CalculationState::Done { .. } => Status::Done,
            CalculationState::Failed { .. } => Status::Failed,
            CalculationState::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// Returns the value, once it is known.
    pub const fn value(&self) -> Option<&Value> {
        match &self.state {
            CalculationState::Done { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns whether the text of the value can be read now.
    pub fn is_readable(&self) -> bool {
        self.value().is_some_and(|value| value.state != ValueState::Evicted)
    }
}
