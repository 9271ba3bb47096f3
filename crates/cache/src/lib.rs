//! Known values near at hand, and announcements on their way to open pages.
//!
//! Both ports may forget everything at any moment: a miss costs time, a lost announcement a reload.

#[cfg(test)]
mod contract;
mod error;
mod memory;
mod metrics;
mod near;
mod port;
#[cfg(feature = "redis")]
mod redis;

pub use error::{BoxError, CacheError};
pub use memory::{MemoryAnnouncements, MemoryKnownValues};
pub use metrics::describe as describe_metrics;
pub use near::NearKnownValues;
pub use port::{Announcements, EventId, EventIdError, KnownValues, Read};
#[cfg(feature = "redis")]
pub use redis::{RedisAnnouncements, RedisKnownValues};
