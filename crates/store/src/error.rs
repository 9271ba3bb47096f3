//! Why the record could not serve a call.

/// The cause below, kept for the log and never sent out.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the record could not serve a call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Out of reach, read-only or busy; nothing was changed and the same call may succeed later.
    #[error("the record is out of reach")]
    Unavailable(#[source] BoxError),
    /// As many calculations wait as are allowed; nothing was stored. Try again when some are done.
    #[error("{allowed} calculations are waiting already")]
    QueueFull {
        /// How many may wait.
        allowed: u64,
    },
    /// The disk is full; nothing was stored.
    #[error("no room is left to store")]
    Full(#[source] BoxError),
    /// A row that this version cannot read, or a statement that is wrong: trying again will not help.
    #[error("the record and this program disagree")]
    Corrupt(#[source] BoxError),
}
