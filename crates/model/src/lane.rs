//! Lanes keep small work from waiting behind large work.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Work above this takes a lease in the store and gives its askers a token to withdraw with.
pub const LEASED_ABOVE: Duration = Duration::from_millis(500);

/// The lane of a job, by the work it is estimated to be. Chosen at enqueue, named in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Up to 10 ms. Every worker keeps a slot that claims nothing else.
    Short,
    /// Up to 1 s.
    Medium,
    /// More. Never takes all cores.
    Long,
}

impl Lane {
    /// Every lane, shortest first.
    pub const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    /// The lane for work that is estimated to take so long on one core.
    pub fn for_work(work: Duration) -> Self {
        if work <= Duration::from_millis(10) {
            Self::Short
        } else if work <= Duration::from_secs(1) {
            Self::Medium
        } else {
            Self::Long
        }
    }

    /// The word used in the record, in keys and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }
}

/// A word that names no lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such lane")]
pub struct UnknownLane;

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(text: &str) -> Result<Self, UnknownLane> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text).ok_or(UnknownLane)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
