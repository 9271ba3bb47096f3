//! Waiting for what must come.

use std::time::{Duration, Instant};

/// How long anything may take before it is called stuck: far above what is usual, so that a busy machine
/// fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Tries until there is something, or fails after [`PATIENCE`].
pub(crate) async fn eventually<T>(what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let found = within(PATIENCE, attempt).await;
    found.unwrap_or_else(|| panic!("not within {PATIENCE:?}: {what}"))
}

/// Tries until there is something or the time is over.
pub(crate) async fn within<T>(limit: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < limit {
        let found = attempt().await;
        if found.is_some() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}
