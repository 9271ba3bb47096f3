//! What a worker counts and measures.

use std::time::Duration;

use model::Lane;

/// Jobs by outcome and lane, `abaci_worker_jobs_total`; errors count as outcome `error`.
pub(crate) fn job(outcome: &'static str, lane: Lane) {
    metrics::counter!("abaci_worker_jobs_total", "outcome" => outcome, "lane" => lane.as_str()).increment(1);
}

/// Seconds between the first offer of a job and its claim, `abaci_worker_queue_wait_seconds`.
pub(crate) fn queue_wait(lane: Lane, waited: Duration) {
    metrics::histogram!("abaci_worker_queue_wait_seconds", "lane" => lane.as_str()).record(waited.as_secs_f64());
}

/// Seconds spent computing a value, text and hash left out, `abaci_worker_compute_seconds`.
pub(crate) fn computed(lane: Lane, took: Duration) {
    metrics::histogram!("abaci_worker_compute_seconds", "lane" => lane.as_str()).record(took.as_secs_f64());
}

/// Leases lost while computing, `abaci_worker_leases_lost_total`.
pub(crate) fn lease_lost() {
    metrics::counter!("abaci_worker_leases_lost_total").increment(1);
}

/// Jobs that the sweep put back into the queue, `abaci_worker_swept_total`.
pub(crate) fn swept(added: u64) {
    metrics::counter!("abaci_worker_swept_total").increment(added);
}

/// Bytes that running computations hold, `abaci_worker_memory_bytes`, of `abaci_worker_memory_limit_bytes`.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and a byte more or less is not seen")]
pub(crate) fn memory(held: u64, limit: u64) {
    metrics::gauge!("abaci_worker_memory_bytes").set(held as f64);
    metrics::gauge!("abaci_worker_memory_limit_bytes").set(limit as f64);
}
