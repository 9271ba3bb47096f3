//! What the queue counts. Each process counts what passed through its own hands.

use metrics::{counter, describe_counter};
use model::Lane;

use crate::Enqueued;

const ENQUEUED: &str = "queue_enqueued_total";
const CLAIMED: &str = "queue_claimed_total";
const ACKED: &str = "queue_acked_total";
const NACKED: &str = "queue_nacked_total";
const HANDED_BACK: &str = "queue_handed_back_total";
const STALE: &str = "queue_stale_total";
#[cfg(feature = "redis")]
const UNREADABLE: &str = "queue_unreadable_total";
const UNAVAILABLE: &str = "queue_unavailable_total";

/// Says once, after a recorder is installed, what each counter means.
pub fn describe() {
    describe_counter!(ENQUEUED, "Jobs offered, by lane and by whether the queue had them already.");
    describe_counter!(CLAIMED, "Jobs taken by this process, by lane and by whether another holder had lost them.");
    describe_counter!(ACKED, "Jobs ended, by lane.");
    describe_counter!(NACKED, "Jobs given back to be tried later, by lane.");
    describe_counter!(HANDED_BACK, "Jobs given back untouched, by lane.");
    describe_counter!(STALE, "Calls about a delivery that is its holder's no longer, by call.");
    describe_counter!(UNAVAILABLE, "Calls that the queue could not serve, by call.");
    #[cfg(feature = "redis")]
    describe_counter!(UNREADABLE, "Entries that this version cannot read, each time one came by.");
}

pub(crate) fn enqueued(lane: Lane, enqueued: Enqueued) {
    let outcome = match enqueued {
        Enqueued::Added => "added",
        Enqueued::AlreadyQueued => "already_there",
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

pub(crate) fn handed_back(lane: Lane) {
    counter!(HANDED_BACK, "lane" => lane.as_str()).increment(1);
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
