//! Why the queue could not serve a call.

/// The cause below, kept for the log and never sent out.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the queue could not serve a call.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Out of reach, loading, read-only or full; the same call may succeed later.
    #[error("the queue is out of reach")]
    Unavailable(#[source] BoxError),
}
