//! The HTTP server that the API, the pages and the internal port share.
//!
//! [`run`] serves any router over HTTP/1.1 and limits everything that a client can make a server hold or wait
//! for. [`trace_requests`] names, traces and measures requests. [`check_same_site`] and [`client_address`] tell
//! who sent one.

mod accept;
mod client_address;
mod connection;
mod connections;
mod cross_site;
mod encoding;
mod hosts;
mod limits;
mod metrics;
mod refusals;
mod request_body;
mod shares;
mod timed_stream;
mod trace;

pub use accept::{listen, run};
pub use client_address::{NetworkError, TrustedPeer, client_address, household, parse_network};
pub use connection::Draining;
pub use cross_site::{CrossSiteError, check_same_site};
pub use encoding::accepts_encoding;
pub use hosts::{HostError, KnownHosts};
pub use limits::ServerLimits;
pub use metrics::describe as describe_metrics;
pub use refusals::{record_refusal, record_refusal_of};
pub use request_body::BodyTooSlow;
pub use shares::{Share, ShareError, Shares};
pub use trace::{current_request_id, current_trace, trace_requests};
