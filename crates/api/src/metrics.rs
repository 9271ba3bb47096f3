//! What the api counts. Each process counts what passed through its own hands.

use metrics::{counter, describe_counter, describe_gauge, gauge};
use model::Lane;
use wire::LaneStatus;

const ACCEPTED: &str = "abaci_api_accepted_total";
const OFFERS_FAILED: &str = "abaci_api_offers_failed_total";
const CACHE_FAILED: &str = "abaci_api_cache_failed_total";
const VALUES_LOST: &str = "abaci_api_values_lost_total";
const WATCHERS: &str = "abaci_api_event_connections";
const RESETS: &str = "abaci_api_event_resets_total";
const WAITERS: &str = "abaci_api_waiters";
const WAITING: &str = "abaci_queue_waiting";
const IN_HAND: &str = "abaci_queue_in_hand";
const OLDEST_SECONDS: &str = "abaci_queue_oldest_seconds";

/// Says once, after a recorder is installed, what each metric means.
pub fn describe() {
    describe_counter!(ACCEPTED, "Calculations entered into the record, by lane.");
    describe_counter!(
        OFFERS_FAILED,
        "SubmitResult calculations that the queue did not take; the sweep offers them again."
    );
    describe_counter!(CACHE_FAILED, "Calls that the cache could not serve, by call.");
    describe_counter!(VALUES_LOST, "Values found missing or corrupt, and queued to be computed again.");
    describe_gauge!(WATCHERS, "Open event streams.");
    describe_counter!(RESETS, "Times a watching page was told to load everything again.");
    describe_gauge!(WAITERS, "Requests that wait for a value.");
    describe_gauge!(WAITING, "Calculations that wait in the whole system, by lane.");
    describe_gauge!(IN_HAND, "Calculations in workers' hands in the whole system, by lane.");
    describe_gauge!(
        OLDEST_SECONDS,
        "Seconds that the longest waiting calculation has waited, by lane; 0 if none waits."
    );
}

pub(crate) fn accepted(lane: Lane) {
    counter!(ACCEPTED, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn offer_failed() {
    counter!(OFFERS_FAILED).increment(1);
}

pub(crate) fn cache_failed(call: &'static str) {
    counter!(CACHE_FAILED, "call" => call).increment(1);
}

pub(crate) fn value_lost() {
    counter!(VALUES_LOST).increment(1);
}

pub(crate) fn reset() {
    counter!(RESETS).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and one more or less among 2^53 is not seen")]
pub(crate) fn lane(status: &LaneStatus) {
    gauge!(WAITING, "lane" => status.lane.clone()).set(status.waiting as f64);
    gauge!(IN_HAND, "lane" => status.lane.clone()).set(status.claimed as f64);
    gauge!(OLDEST_SECONDS, "lane" => status.lane.clone()).set(status.oldest_age_ms.unwrap_or(0) as f64 / 1_000.0);
}

pub(crate) fn lane_unknown(lane: Lane) {
    for name in [WAITING, IN_HAND, OLDEST_SECONDS] {
        gauge!(name, "lane" => lane.as_str()).set(f64::NAN);
    }
}

/// Counted in a gauge for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(&'static str);

impl Counted {
    pub(crate) fn watcher() -> Self {
        Self::new(WATCHERS)
    }

    pub(crate) fn waiter() -> Self {
        Self::new(WAITERS)
    }

    fn new(name: &'static str) -> Self {
        gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1);
    }
}
