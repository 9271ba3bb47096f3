//! Jobs between api and worker.
//!
//! [`JobQueue`] is the port. It only delivers: what it holds can vanish at any moment and is offered
//! again from the record.

#[cfg(test)]
mod contract;
mod error;
mod lease;
mod memory;
mod metrics;
mod port;
#[cfg(feature = "redis")]
mod redis;

pub use error::{BoxError, QueueError};
pub use memory::MemoryQueue;
pub use metrics::describe as describe_metrics;
pub use port::{Delivery, Enqueued, JobQueue, LaneDepth};
#[cfg(feature = "redis")]
pub use redis::RedisQueue;
