//! Limits on what may be requested: which indexes, and how much work per address.

mod backlog;
mod client;
mod config;
mod index;
mod rate;
mod workers;

pub(crate) use backlog::{Allowance, WorkBacklog};
pub(crate) use client::ClientIp;
pub use config::ApiConfig;
pub(crate) use index::{PathSubject, SubjectParam, ValidSubject, parse_big_index, parse_subject, range};
pub(crate) use rate::{Charge, RateLimit};
pub(crate) use workers::WorkerCapacity;
