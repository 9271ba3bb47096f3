//! Metrics of the cache and the event channel. Each process counts its own calls.

use metrics::{counter, describe_counter};

const HITS: &str = "abaci_cache_hits_total";
const MISSES: &str = "abaci_cache_misses_total";
const EVICTED: &str = "abaci_cache_evicted_total";
#[cfg(feature = "redis")]
const UNAVAILABLE: &str = "abaci_cache_unavailable_total";
#[cfg(feature = "redis")]
const DAMAGED: &str = "abaci_cache_damaged_total";
const PUBLISHED: &str = "abaci_events_published_total";
const GAPS: &str = "abaci_events_gaps_total";

/// Describes each metric. Call once, after a recorder is installed.
pub fn describe() {
    describe_counter!(HITS, "Cache lookups that found a value.");
    describe_counter!(MISSES, "Cache lookups that found no value.");
    describe_counter!(EVICTED, "Cached values evicted to stay within the capacity.");
    #[cfg(feature = "redis")]
    describe_counter!(UNAVAILABLE, "Calls of the cache or the event channel that Redis failed, by call.");
    #[cfg(feature = "redis")]
    describe_counter!(DAMAGED, "Values and events that Redis returned damaged, and that were ignored.");
    describe_counter!(PUBLISHED, "Events published by this process.");
    describe_counter!(GAPS, "Reads that found events missing because the subscriber lagged too far behind.");
}

pub(crate) fn looked_up(hit: bool) {
    counter!(if hit { HITS } else { MISSES }).increment(1);
}

pub(crate) fn evicted() {
    counter!(EVICTED).increment(1);
}

#[cfg(feature = "redis")]
pub(crate) fn damaged() {
    counter!(DAMAGED).increment(1);
}

pub(crate) fn published(events: usize) {
    counter!(PUBLISHED).increment(u64::try_from(events).unwrap_or(u64::MAX));
}

pub(crate) fn gap() {
    counter!(GAPS).increment(1);
}

#[cfg(feature = "redis")]
pub(crate) fn unavailable(call: &'static str) {
    counter!(UNAVAILABLE, "call" => call).increment(1);
}
