//! What the cache counts. Each process counts what passed through its own hands.

use metrics::{counter, describe_counter};

const HITS: &str = "cache_hits_total";
const MISSES: &str = "cache_misses_total";
const EVICTED: &str = "cache_evicted_total";
const ANNOUNCED: &str = "cache_announced_total";
const MISSED: &str = "cache_announcements_missed_total";
#[cfg(feature = "redis")]
const UNAVAILABLE: &str = "cache_unavailable_total";

/// Says once, after a recorder is installed, what each counter means.
pub fn describe() {
    describe_counter!(HITS, "Known values that were at hand.");
    describe_counter!(MISSES, "Known values that were asked for and not at hand.");
    describe_counter!(EVICTED, "Known values that made room for others.");
    describe_counter!(ANNOUNCED, "EventChannel made by this process.");
    describe_counter!(MISSED, "Times that a reader had fallen too far behind to be told all.");
    #[cfg(feature = "redis")]
    describe_counter!(UNAVAILABLE, "Calls that Redis was asked for and could not serve, by call.");
}

pub(crate) fn looked_up(hit: bool) {
    counter!(if hit { HITS } else { MISSES }).increment(1);
}

pub(crate) fn evicted() {
    counter!(EVICTED).increment(1);
}

pub(crate) fn announced() {
    counter!(ANNOUNCED).increment(1);
}

pub(crate) fn missed() {
    counter!(MISSED).increment(1);
}

#[cfg(feature = "redis")]
pub(crate) fn unavailable(call: &'static str) {
    counter!(UNAVAILABLE, "call" => call).increment(1);
}
