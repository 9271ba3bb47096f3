//! Cached values, live events on their way to open pages, and how much work each address has requested.
//!
//! All three ports may lose everything at any moment: a miss costs time, a lost event a reload, a lost bucket is full.

#[cfg(test)]
mod contract;
mod error;
#[cfg(test)]
mod fuzzing;
mod local;
mod memory;
mod metrics;
mod port;
#[cfg(feature = "redis")]
mod redis;

pub use error::CacheError;
pub use local::LocalValueCache;
pub use memory::{MemoryEventChannel, MemoryRateBuckets, MemoryValueCache};
pub use metrics::describe as describe_metrics;
pub use port::{EventChannel, EventId, EventIdError, PriceResult, RateBuckets, Read, ValueCache};
#[cfg(feature = "redis")]
pub use redis::{RedisEventChannel, RedisRateBuckets, RedisValueCache};
