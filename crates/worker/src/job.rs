//! Processing one job.

mod active;
mod complete;
mod heartbeat;
mod lease;
mod outcome;
mod process;
mod retry;
mod together;

pub(crate) use active::ActiveJob;
pub use outcome::{Outcome, OutcomeKind};
pub(crate) use together::complete_together;
