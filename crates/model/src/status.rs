//! The status of a calculation.

use crate::text_enum::text_enum;

text_enum! {
    /// The status of a calculation.
    pub enum Status {
        /// Accepted, not started (or handed back, or waiting for memory).
        Queued = "queued",
        /// A worker computes it.
        Running = "running",
        /// The value is known.
        Done = "done",
        /// It failed, with a reason.
        Failed = "failed",
        /// Everyone who submitted it has cancelled.
        Cancelled = "cancelled",
    }
    error UnknownStatus;
}

/// Error for a text that is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown status")]
pub struct UnknownStatus;

impl Status {
    /// Returns whether it is final until someone submits again.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}
