//! Errors of the cache and the event channel.

use model::BoxError;

/// Why a call failed. Callers continue without the cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The backend is unreachable, loading or full; the same call may succeed later.
    #[error("cache unavailable")]
    Unavailable(#[source] BoxError),
}
