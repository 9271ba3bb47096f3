//! The HTTP API: submits, returns and streams calculations. It never computes a large value.
//!
//! [`router`] is the API over the ports; the crate `server` serves it.

mod cacheable;
mod calculations;
mod dispatch;
mod docs;
mod error;
mod error_responses;
mod events;
mod extract;
mod limits;
mod lists;
mod metrics;
mod number;
mod original;
mod questions;
mod residues;
mod router;
mod state;
mod system;
mod usage;
mod verify;

pub use limits::ApiConfig;
pub use metrics::describe as describe_metrics;
pub use router::router;
pub use state::{ApiState, NotReady};
