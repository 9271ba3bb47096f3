//! Waits in tests that end at a condition, and fail when it does not come.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Far above what any wait takes on a loaded machine.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Waits until a condition holds.
///
/// # Panics
/// When it does not hold in time.
pub async fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < TIME_LIMIT, "timed out waiting for a condition");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Repeats a call until it succeeds.
///
/// # Panics
/// When it still fails at the end.
pub async fn until_ok<T, E: Debug>(mut call: impl AsyncFnMut() -> Result<T, E>) -> T {
    let began = Instant::now();
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(began.elapsed() < TIME_LIMIT, "still failing: {error:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}
