//! Jobs between api and worker.
//!
//! [`JobQueue`] is the port. It only delivers: what it holds can vanish at any moment and is offered
//! again from the record.

mod error;
mod port;

pub use error::{BoxError, QueueError};
pub use port::{Delivery, Enqueued, JobQueue, LaneDepth};
