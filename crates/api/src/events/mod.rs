//! Live events: one reader of the event channel, and one stream per subscriber.

mod buffer;
mod endpoint;
mod group_waiter;
mod hub;
mod store_watch;
mod stream;

pub(crate) use endpoint::{__path_events, events};
pub(crate) use group_waiter::GroupWaiter;
pub(crate) use hub::{Hub, WaitResult, Waiter};
