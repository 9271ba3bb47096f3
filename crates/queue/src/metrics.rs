//! Metrics of the queue. Each process counts its own calls.

use metrics::{counter, describe_counter};
use model::Lane;

use crate::Enqueued;

const ENQUEUED: &str = "abaci_queue_enqueued_total";
const CLAIMED: &str = "abaci_queue_claimed_total";
const ACKED: &str = "abaci_queue_acked_total";
const NACKED: &str = "abaci_queue_nacked_total";
const RELEASED: &str = "abaci_queue_released_total";
const STALE: &str = "abaci_queue_stale_total";
#[cfg(feature = "redis")]
const UNREADABLE: &str = "abaci_queue_unreadable_total";
const UNAVAILABLE: &str = "abaci_queue_unavailable_total";

/// Describes each metric. Call once, after a recorder is installed.
pub fn describe() {
    describe_counter!(ENQUEUED, "Jobs enqueued, by lane and by whether the queue contained them already.");
    describe_counter!(CLAIMED, "Jobs claimed, by lane and by whether an earlier lease had expired.");
    describe_counter!(ACKED, "Jobs acknowledged, by lane.");
    describe_counter!(NACKED, "Jobs returned to the queue for a retry, by lane.");
    describe_counter!(RELEASED, "Jobs returned to the queue unprocessed, by lane.");
    describe_counter!(STALE, "Calls for a delivery whose job was redelivered or has ended, by call.");
    describe_counter!(UNAVAILABLE, "Calls that failed because the queue was unavailable, by call.");
    #[cfg(feature = "redis")]
    describe_counter!(UNREADABLE, "Deliveries of entries that this version cannot read.");
}

pub(crate) fn enqueued(lane: Lane, enqueued: Enqueued) {
    let outcome = match enqueued {
        Enqueued::Added => "added",
        Enqueued::AlreadyQueued => "already_queued",
    };
    counter!(ENQUEUED, "lane" => lane.as_str(), "outcome" => outcome).increment(1);
}

pub(crate) fn claimed(lane: Lane, reclaimed: bool) {
    let reclaimed = if reclaimed { "true" } else { "false" };
    counter!(CLAIMED, "lane" => lane.as_str(), "reclaimed" => reclaimed).increment(1);
}

pub(crate) fn acked(lane: Lane) {
    counter!(ACKED, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn nacked(lane: Lane) {
    counter!(NACKED, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn released(lane: Lane) {
    counter!(RELEASED, "lane" => lane.as_str()).increment(1);
}

pub(crate) fn stale(call: &'static str) {
    counter!(STALE, "call" => call).increment(1);
}

pub(crate) fn unavailable(call: &'static str) {
    counter!(UNAVAILABLE, "call" => call).increment(1);
}

#[cfg(feature = "redis")]
pub(crate) fn unreadable() {
    counter!(UNREADABLE).increment(1);
}
