//! Why a calculation was given up, or what it waits for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a calculation was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of reason.
    pub reason: FailureReason,
    /// After how many attempts.
    pub attempts: u32,
}

/// The kinds of reasons; their words are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// Five workers in a row died or were cut off while computing it.
    WorkersLost,
    /// It needs more memory than any worker may use.
    TooLargeToFit,
    /// The result did not agree with its check, three times.
    CheckFailed,
    /// The value could not be stored, three times.
    StorageFailed,
    /// Computed again, it differed from what the record says of it.
    Contradiction,
}

/// What a queued calculation waits for, if not simply its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingFor {
    /// Memory that running work holds.
    Memory,
    /// The pause after an error, before it is tried again.
    Retry,
}

impl FailureReason {
    const ALL: [Self; 5] =
        [Self::WorkersLost, Self::TooLargeToFit, Self::CheckFailed, Self::StorageFailed, Self::Contradiction];

    /// The word used in the record and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkersLost => "workers-lost",
            Self::TooLargeToFit => "too-large-to-fit",
            Self::CheckFailed => "check-failed",
            Self::StorageFailed => "storage-failed",
            Self::Contradiction => "contradiction",
        }
    }

    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WorkersLost => "The workers that computed it stopped before the end, several times in a row.",
            Self::TooLargeToFit => "It needs more memory than a worker of this system may use.",
            Self::CheckFailed => "The result did not pass its check and was thrown away.",
            Self::StorageFailed => "The value could not be stored.",
            Self::Contradiction => "Computed again, it differed from the value known before; neither is served.",
        }
    }
}

impl WaitingFor {
    const ALL: [Self; 2] = [Self::Memory, Self::Retry];

    /// The word used in the record and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Retry => "retry",
        }
    }
}

/// A word that names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such reason")]
pub struct UnknownReason;

impl FromStr for FailureReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}

impl FromStr for WaitingFor {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
