//! What the record tells of itself: how long its calls take, how many changes share a transaction, and how
//! many bytes of values move.

use std::time::Instant;

use crate::StoreError;

/// Runs one call of the port and notes how long it took and whether it failed.
pub(crate) async fn timed<T>(
    call: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let started = Instant::now();
    let outcome = work.await;
    metrics::histogram!("store_call_seconds", "call" => call).record(started.elapsed());
    if let Err(error) = &outcome {
        let kind = match error {
            StoreError::Unavailable(_) => "unavailable",
            StoreError::QueueFull { .. } => "queue-full",
            StoreError::Full(_) => "full",
            StoreError::Corrupt(_) => "corrupt",
        };
        metrics::counter!("store_errors_total", "call" => call, "kind" => kind).increment(1);
    }
    outcome
}

/// Notes that so many changes were committed together.
pub(crate) fn batch(rows: usize) {
    metrics::histogram!("store_batch_rows").record(u32::try_from(rows).unwrap_or(u32::MAX));
}

/// Notes that bytes of objects were read or written.
pub(crate) fn object_bytes(direction: &'static str, bytes: usize) {
    metrics::counter!("store_object_bytes_total", "direction" => direction).increment(bytes as u64);
}

/// Notes that an object was evicted to make room.
pub(crate) fn evicted(bytes: u64) {
    metrics::counter!("store_objects_evicted_total").increment(1);
    metrics::counter!("store_object_bytes_total", "direction" => "evicted").increment(bytes);
}

/// Notes that an object was found missing or damaged.
pub(crate) fn lost() {
    metrics::counter!("store_objects_lost_total").increment(1);
}
