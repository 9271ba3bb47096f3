//! Known values near at hand, and announcements on their way to open pages.
//!
//! Both ports may forget everything at any moment: a miss costs time, a lost announcement a reload.

mod error;
mod port;

pub use error::{BoxError, CacheError};
pub use port::{Announcements, EventId, EventIdError, KnownValues, Read};
