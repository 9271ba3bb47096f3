//! HTTP in: accepts, answers, streams events. Never computes a large value.
//!
//! [`router`] is the HTTP API over the ports. The crate `server` serves it.

mod admit;
mod ask;
mod body;
mod calculation;
mod docs;
mod error;
mod events;
mod hub;
mod list;
mod metrics;
mod number;
mod openapi;
mod original;
mod pending;
mod query;
mod ratelimit;
mod rates;
mod router;
mod state;
mod submit;
mod system;
mod tally;
mod value;
mod withdraw;

pub use metrics::describe as describe_metrics;
pub use router::router;
pub use state::{ApiState, Limits, NotReady, ready};
pub use system::measure;
