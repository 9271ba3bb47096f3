//! Cached values, and live events on their way to open pages.
//!
//! Both ports may lose everything at any moment: a miss costs time, a lost event a reload.

#[cfg(test)]
mod contract;
mod error;
mod local;
mod memory;
mod metrics;
mod port;
#[cfg(feature = "redis")]
mod redis;

pub use error::CacheError;
pub use local::LocalValueCache;
pub use memory::{MemoryEventChannel, MemoryValueCache};
pub use metrics::describe as describe_metrics;
pub use port::{EventChannel, EventId, EventIdError, Read, ValueCache};
#[cfg(feature = "redis")]
pub use redis::{RedisEventChannel, RedisValueCache};
