//! Metrics: the duration of calls, the size of batches, and the bytes of objects. Calls have spans too.

use std::time::Instant;

use spans::Server;

use crate::StoreError;

/// Runs one call of the port in a span and records its duration and its error.
pub(crate) async fn timed<T>(
    server: &Server,
    call: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let started = Instant::now();
    let outcome = spans::traced(server.span(call, "calculations"), work, error_kind).await;
    metrics::histogram!("abaci_store_call_seconds", "call" => call).record(started.elapsed());
    if let Err(error) = &outcome {
        metrics::counter!("abaci_store_errors_total", "call" => call, "kind" => error_kind(error)).increment(1);
    }
    outcome
}

fn error_kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "unavailable",
        StoreError::QueueFull { .. } => "queue-full",
        StoreError::Full(_) => "full",
        StoreError::Corrupt(_) => "corrupt",
    }
}

/// Records the size of a committed batch.
pub(crate) fn batch(rows: usize) {
    metrics::histogram!("abaci_store_batch_rows").record(u32::try_from(rows).unwrap_or(u32::MAX));
}

/// Counts bytes of objects that were read or written.
pub(crate) fn object_bytes(direction: &'static str, bytes: usize) {
    metrics::counter!("abaci_store_object_bytes_total", "direction" => direction).increment(bytes as u64);
}

/// Counts an evicted value.
pub(crate) fn evicted(bytes: u64) {
    metrics::counter!("abaci_store_objects_evicted_total").increment(1);
    metrics::counter!("abaci_store_object_bytes_total", "direction" => "evicted").increment(bytes);
}

/// Counts a row that was damaged.
pub(crate) fn row_damaged() {
    metrics::counter!("abaci_store_rows_damaged_total").increment(1);
}

/// Counts an object that was missing or damaged.
pub(crate) fn lost() {
    metrics::counter!("abaci_store_objects_lost_total").increment(1);
}
