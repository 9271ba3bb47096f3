//! Jobs from the API to the workers.
//!
//! [`JobQueue`] is the port. The queue only delivers: it may lose every job at any moment, and the sweep then
//! enqueues the unfinished calculations of the store again.

#[cfg(test)]
mod contract;
mod error;
mod memory;
mod metrics;
mod port;
#[cfg(feature = "redis")]
mod redis;

pub use error::QueueError;
pub use memory::MemoryQueue;
pub use metrics::describe as describe_metrics;
pub use port::{Delivery, Enqueued, JobQueue, LaneDepth};
#[cfg(feature = "redis")]
pub use redis::RedisQueue;
