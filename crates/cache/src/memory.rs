//! The cache, the event channel and the buckets of work of one process, empty at every start.

mod event_channel;
mod rate_buckets;
mod value_cache;

pub use event_channel::MemoryEventChannel;
pub use rate_buckets::MemoryRateBuckets;
pub use value_cache::MemoryValueCache;
