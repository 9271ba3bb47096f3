//! Logs, metrics and traces.

pub(crate) mod error_chain;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod traces;
