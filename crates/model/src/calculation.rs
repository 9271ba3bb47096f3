//! One calculation: what was asked, and all that is known of it.

use serde::{Deserialize, Serialize};

use crate::{Failure, Sha256, Status, Subject, Timestamp, WaitingFor};

/// The place of a calculation in the order of first asking. Serves cursors, never names a calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CalculationId(pub i64);

/// One row of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calculation {
    /// Order of first asking.
    pub id: CalculationId,
    /// What it is about; the key.
    pub subject: Subject,
    /// Where it stands, with what belongs to that.
    pub state: CalculationState,
    /// Decimal digits of |value|, known before the value is.
    pub digits: u64,
    /// Number of submissions; approximate, counted in memory and written in batches.
    #[serde(rename = "asked")]
    pub request_count: u64,
    /// When it was first asked for.
    pub asked_at: Timestamp,
    /// How many times a worker has begun it; short work that went well counts as one.
    pub attempt: u32,
}

/// Where a calculation stands, with what is known at that point and at no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "status")]
pub enum CalculationState {
    /// Accepted, not started.
    Queued {
        /// What it waits for, if not simply its turn.
        waiting_for: Option<WaitingFor>,
    },
    /// A worker holds it.
    Running {
        /// When this attempt began.
        started_at: Timestamp,
        /// How far it is.
        progress: Progress,
    },
    /// The value is known.
    Done {
        /// When the attempt that found it began.
        started_at: Timestamp,
        /// When it was recorded.
        finished_at: Timestamp,
        /// What is known of the value, and the value itself if it is short.
        value: Value,
    },
    /// Given up.
    Failed {
        /// When it was given up.
        finished_at: Timestamp,
        /// Why.
        failure: Failure,
    },
    /// Withdrawn by all who asked.
    Cancelled {
        /// When the last ask was withdrawn.
        finished_at: Timestamp,
    },
}

/// How far a computation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Share of the work done, 0 to 1.
    pub fraction: f64,
    /// Time that the rest will take, as far as can be told, in milliseconds.
    pub remaining_ms: Option<u64>,
}

/// What is known of a value for ever.
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
    /// Where the text is.
    pub state: ValueState,
    /// The text itself, up to [`Value::TEXT_DIGITS`] digits.
    pub text: Option<String>,
}

impl Value {
    /// Up to so many digits a value is part of every answer about it.
    pub const TEXT_DIGITS: u64 = 1_000;
    /// Up to so many bytes of text a value lies in the record itself; a longer one is an object.
    pub const INLINE_BYTES: u64 = 64 * 1024;
    /// So many digits of either end are kept of every value.
    pub const END_DIGITS: u32 = 20;
}

/// Where the text of a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueState {
    /// In the record.
    Inline,
    /// In the object store.
    Object,
    /// Nowhere: it made room for others, and asking again computes it again.
    Evicted,
}

impl Calculation {
    /// Where it stands, in one word.
    pub const fn status(&self) -> Status {
        match self.state {
            CalculationState::Queued { .. } => Status::Queued,
            CalculationState::Running { .. } => Status::Running,
            CalculationState::Done { .. } => Status::Done,
            CalculationState::Failed { .. } => Status::Failed,
            CalculationState::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// What is known of the value, once it is known.
    pub const fn value(&self) -> Option<&Value> {
        match &self.state {
            CalculationState::Done { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether the value can be read now: it is known and its text is somewhere.
    pub fn is_readable(&self) -> bool {
        self.value().is_some_and(|value| value.state != ValueState::Evicted)
    }
}
