//! Live events: one reader of the event channel, and one stream per subscriber.

mod buffer;
mod endpoint;
mod hub;
mod stream;

pub(crate) use endpoint::{__path_events, events};
pub(crate) use hub::{Hub, WaitResult, Waiter};
