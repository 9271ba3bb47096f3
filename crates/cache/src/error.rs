//! Why the cache could not serve a call.

/// The cause below, kept for the log and never sent out.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the cache could not serve a call. Callers go on without it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Out of reach, loading or full; the same call may succeed later.
    #[error("the cache is out of reach")]
    Unavailable(#[source] BoxError),
}
