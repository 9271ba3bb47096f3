//! The page: HTML rendered in Rust, a little script, a style sheet.
//!
//! It knows only the HTTP API, of which it is given the base URL, so it runs in a process of its own as
//! well as beside the API. Everything works without scripts; scripts make it live.

mod api_client;
mod assets;
mod endpoints;
mod html;
mod live_assets;
mod metrics;
mod router;
mod state;

pub use api_client::{ApiClient, BaseUrlError, OutOfReach};
pub use router::router;
pub use state::{ClientState, Settings};
