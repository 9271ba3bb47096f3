//! HTTP in: accepts, answers, streams events. Never computes a large value.
//!
//! [`router`] is the HTTP API over the three ports; [`run`] serves any router with limits on everything
//! a client can make a server wait for.

mod address;
mod admit;
mod ask;
mod body;
mod calculation;
mod crosssite;
mod docs;
mod error;
mod events;
mod hub;
mod list;
mod metrics;
mod openapi;
mod original;
mod pending;
mod query;
mod ratelimit;
mod rates;
mod router;
mod serve;
mod state;
mod submit;
mod system;
mod tally;
mod trace;
mod value;
mod withdraw;

pub use address::{Network, NetworkError};
pub use metrics::describe as describe_metrics;
pub use router::router;
pub use serve::{BodyTooSlow, Draining, ServeLimits, run};
pub use state::{ApiState, Limits, NotReady, ready};
pub use system::measure;
