//! The pages as a browser sees them, over an API that answers real HTTP.

mod browser;
mod cancelling;
mod fake_api;
mod history;
mod numbers;
mod protection;
mod submitting;
mod system;
