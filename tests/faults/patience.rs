//! Waiting for what must come.

use std::time::{Duration, Instant};

/// How long anything may take before it is called stuck: far above what is usual, so that a busy machine
/// fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Tries until there is something, or fails after [`PATIENCE`].
pub(crate) async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
