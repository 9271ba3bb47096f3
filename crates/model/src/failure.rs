//! The reasons why a calculation failed or waits.

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

/// The failure of a calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The reason.
    pub reason: FailureReason,
    /// The number of attempts.
    pub attempts: u32,
}

text_enum! {
    /// The reasons of failures; their texts are part of the HTTP contract.
    pub enum FailureReason {
        /// Five workers in a row died or were cut off while computing it.
        WorkersLost = "workers-lost",
        /// It needs more memory than any worker may use.
        TooLargeToFit = "too-large-to-fit",
        /// The result failed its check three times.
        CheckFailed = "check-failed",
        /// The value could not be stored, three times.
        StorageFailed = "storage-failed",
        /// Computed again, it differed from the stored hash.
        Contradiction = "contradiction",
    }
    error UnknownReason;
}

text_enum! {
    /// The reason why a queued calculation waits, other than its turn.
    pub enum WaitingFor {
        /// Memory that running work uses.
        Memory = "memory",
        /// The backoff after an error.
        Retry = "retry",
        /// Free space for its value.
        Storage = "storage",
    }
    error UnknownReason;
}

/// Error for a text that is not a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason")]
pub struct UnknownReason;

impl FailureReason {
    /// Returns a sentence for the page.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WorkersLost => "The workers that computed it stopped before the end, several times in a row.",
            Self::TooLargeToFit => "It needs more memory than a worker of this system may use.",
            Self::CheckFailed => "The result did not pass its check and was discarded.",
            Self::StorageFailed => "The value could not be stored.",
            Self::Contradiction => "Computed again, it differed from the value known before; neither is served.",
        }
    }
}
