//! The page: HTML rendered in Rust, a little script, a style sheet.
//!
//! It depends only on the HTTP API, whose base URL it is given, so it runs in its own process or beside the
//! API. Everything works without scripts; scripts add live updates.

mod api_client;
mod assets;
mod endpoints;
mod forwarded_headers;
#[cfg(test)]
mod fuzzing;
mod history_view;
mod measured_times;
mod metrics;
mod router;
mod state;
mod typed_index;
mod views;

pub use api_client::{ApiClient, ApiUnreachable, BaseUrlError};
pub use router::router;
pub use state::{ClientState, PageSettings, SecurityContact};
