//! Limits on what may be requested: which indexes, and how much work per address.

mod config;
mod index;
mod rate;

pub use config::ApiConfig;
pub(crate) use index::{PathIndex, ValidIndex};
pub(crate) use rate::{Charge, RateLimit};
