//! The lanes of the queue, which keep short work from waiting behind long work.

use std::time::Duration;

use crate::text_enum::text_enum;

/// Work above this takes a lease in the store, and its submitters get a token to cancel it.
pub const LEASED_ABOVE: Duration = Duration::from_millis(500);

text_enum! {
    /// The lane of a job, by its estimated work. Chosen at enqueue and part of the payload.
    pub enum Lane {
        /// Up to 10 ms. Every worker has a slot that claims nothing else.
        Short = "short",
        /// Up to 1 s.
        Medium = "medium",
        /// More than 1 s. Never uses all cores.
        Long = "long",
    }
    error UnknownLane;
}

/// Error for a text that is not a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown lane")]
pub struct UnknownLane;

impl Lane {
    /// Returns the lane for work with this estimated duration on one core.
    pub fn for_work(work: Duration) -> Self {
        if work <= Duration::from_millis(10) {
            Self::Short
        } else if work <= Duration::from_secs(1) {
            Self::Medium
        } else {
            Self::Long
        }
    }
}
