//! Waiting for a condition, with a timeout.

use std::time::{Duration, Instant};

/// Time after which anything is called stuck: far above what is usual, so that a busy machine fails no test.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(120);

/// Retries until the attempt returns something, or fails the test after [`STUCK_AFTER`].
pub(crate) async fn eventually<T>(what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let found = within(STUCK_AFTER, attempt).await;
    found.unwrap_or_else(|| panic!("not within {STUCK_AFTER:?}: {what}"))
}

/// Retries until the attempt returns something or the timeout has passed.
pub(crate) async fn within<T>(timeout: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < timeout {
        let found = attempt().await;
        if found.is_some() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}
