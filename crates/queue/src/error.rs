//! Errors of the queue.

use model::BoxError;

/// Why a call of the queue failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue is unreachable, loading, read-only or full; the same call may succeed later.
    #[error("queue unavailable")]
    Unavailable(#[source] BoxError),
}
