//! Metrics of the API. Each process counts its own requests.

use metrics::{counter, describe_counter, describe_gauge, gauge};
use model::Lane;
use wire::LaneStatus;

const ACCEPTED: &str = "abaci_api_accepted_total";
const ENQUEUE_FAILED: &str = "abaci_api_enqueue_failed_total";
const CACHE_FAILED: &str = "abaci_api_cache_failed_total";
const VALUES_LOST: &str = "abaci_api_values_lost_total";
const EVENT_STREAMS: &str = "abaci_api_event_streams";
const RESETS: &str = "abaci_api_event_resets_total";
const WAITERS: &str = "abaci_api_waiters";
const WAITING: &str = "abaci_queue_waiting";
const CLAIMED: &str = "abaci_queue_claimed";
const OLDEST_SECONDS: &str = "abaci_queue_oldest_seconds";

/// Describes each metric. Call it once, after a recorder is installed.
pub fn describe() {
    describe_counter!(ACCEPTED, "Calculations stored, by lane.");
    describe_counter!(ENQUEUE_FAILED, "Stored calculations that the queue did not take; the sweep enqueues them.");
    describe_counter!(CACHE_FAILED, "Failed calls of the cache, the event channel or the buckets of work, by call.");
    describe_counter!(VALUES_LOST, "Values found missing or corrupt, and queued to be computed again.");
    describe_gauge!(EVENT_STREAMS, "Open event streams.");
    describe_counter!(RESETS, "Resets sent to event subscribers.");
    describe_gauge!(WAITERS, "Requests that wait for a value.");
    describe_gauge!(WAITING, "Queued calculations in the whole system, by lane.");
    describe_gauge!(CLAIMED, "Calculations claimed by workers in the whole system, by lane.");
    describe_gauge!(OLDEST_SECONDS, "Age in seconds of the oldest queued calculation, by lane; 0 if there is none.");
}

pub(crate) fn record_accepted(lane: Lane) {
    counter!(ACCEPTED, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn record_enqueue_failure(jobs: usize) {
    counter!(ENQUEUE_FAILED).increment(u64::try_from(jobs).unwrap_or(u64::MAX));
}

pub(crate) fn record_cache_failure(call: &'static str) {
    counter!(CACHE_FAILED, "call" => call).increment(1);
}

/// Counts and logs a failed call of the cache, the events or the buckets. The API does without them.
pub(crate) fn log_cache_failure<T>(call: &'static str, result: Result<T, cache::CacheError>) -> Option<T> {
    result
        .inspect_err(|error| {
            record_cache_failure(call);
            tracing::warn!(call, error = error as &dyn std::error::Error, "a call of the cache failed");
        })
        .ok()
}

pub(crate) fn record_lost_value() {
    counter!(VALUES_LOST).increment(1);
}

pub(crate) fn record_reset() {
    counter!(RESETS).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and one in 2^53 does not matter")]
pub(crate) fn set_lane(status: &LaneStatus) {
    gauge!(WAITING, "lane" => status.lane.clone()).set(status.waiting as f64);
    gauge!(CLAIMED, "lane" => status.lane.clone()).set(status.claimed as f64);
    gauge!(OLDEST_SECONDS, "lane" => status.lane.clone()).set(status.oldest_age_ms.unwrap_or(0) as f64 / 1_000.0);
}

pub(crate) fn set_lane_unknown(lane: Lane) {
    for name in [WAITING, CLAIMED, OLDEST_SECONDS] {
        gauge!(name, "lane" => lane.as_str()).set(f64::NAN);
    }
}

/// Counts in a gauge until it is dropped.
#[derive(Debug)]
pub(crate) struct Gauged(&'static str);

impl Gauged {
    pub(crate) fn event_stream() -> Self {
        Self::new(EVENT_STREAMS)
    }

    pub(crate) fn waiter() -> Self {
        Self::new(WAITERS)
    }

    fn new(name: &'static str) -> Self {
        gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Gauged {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1);
    }
}
