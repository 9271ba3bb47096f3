//! Metrics of a worker. Each process counts its own work.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use model::Lane;

const JOBS: &str = "abaci_worker_jobs_total";
const COMPUTE_SECONDS: &str = "abaci_worker_compute_seconds";
const QUEUE_WAIT_SECONDS: &str = "abaci_worker_queue_wait_seconds";
const LEASES_LOST: &str = "abaci_worker_leases_lost_total";
const TASK_PANICS: &str = "abaci_worker_task_panics_total";
const SWEPT: &str = "abaci_worker_swept_total";
const MEMORY_BYTES: &str = "abaci_worker_memory_bytes";
const MEMORY_LIMIT_BYTES: &str = "abaci_worker_memory_limit_bytes";

/// Describes each metric. Call once, after a recorder is installed.
pub fn describe() {
    describe_counter!(JOBS, "Jobs processed, by lane and outcome.");
    describe_histogram!(COMPUTE_SECONDS, "Time spent computing a value, without hashing and writing it, by lane.");
    describe_histogram!(QUEUE_WAIT_SECONDS, "Time between the first enqueuing of a job and its claim, by lane.");
    describe_counter!(LEASES_LOST, "Leases that expired and were taken by another worker.");
    describe_counter!(TASK_PANICS, "Panics of a slot, the sweep or the report task, by task. Each is a bug.");
    describe_counter!(SWEPT, "Jobs that the sweep found missing in the queue and enqueued.");
    describe_gauge!(MEMORY_BYTES, "Bytes reserved by running computations.");
    describe_gauge!(MEMORY_LIMIT_BYTES, "Bytes that running computations may reserve together.");
}

/// `outcome` is the word of an outcome, or `error`.
pub(crate) fn job(outcome: &'static str, lane: Lane) {
    counter!(JOBS, "outcome" => outcome, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn queue_wait(lane: Lane, waited: Duration) {
    histogram!(QUEUE_WAIT_SECONDS, "lane" => lane.as_str()).record(waited.as_secs_f64());
}

pub(crate) fn computed(lane: Lane, elapsed: Duration) {
    histogram!(COMPUTE_SECONDS, "lane" => lane.as_str()).record(elapsed.as_secs_f64());
}

pub(crate) fn lease_lost() {
    counter!(LEASES_LOST).increment(1);
}

pub(crate) fn task_panicked(task: &'static str) {
    counter!(TASK_PANICS, "task" => task).increment(1);
}

pub(crate) fn swept(enqueued: u64) {
    counter!(SWEPT).increment(enqueued);
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and single bytes do not matter")]
pub(crate) fn memory(reserved: u64, limit: u64) {
    gauge!(MEMORY_BYTES).set(reserved as f64);
    gauge!(MEMORY_LIMIT_BYTES).set(limit as f64);
}
