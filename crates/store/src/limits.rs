//! What a record refuses to grow beyond.

/// The limits of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// How many calculations may be queued or running at once; further ones are refused.
    pub max_queued: u64,
}
