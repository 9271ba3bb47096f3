//! Processing one job.

mod active;
mod complete;
mod heartbeat;
mod lease;
mod outcome;
mod process;
mod retry;

pub(crate) use active::ActiveJob;
pub use outcome::{Outcome, OutcomeKind};
