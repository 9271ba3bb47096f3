//! The worker: claims jobs, computes values, completes calculations, and sweeps.
//!
//! [`run`] processes jobs in every slot. [`Sweep`] enqueues unfinished calculations that the queue lost. The order
//! of the steps of a job, and why a crash between any two loses nothing, is documented in `job/process.rs`.

mod compute;
mod error;
mod health;
mod heartbeat_runtime;
mod job;
mod metrics;
mod run;
mod settings;
mod slots;
mod sweep;
mod worker;

pub use error::WorkerError;
pub use job::{Outcome, OutcomeKind};
pub use metrics::describe as describe_metrics;
pub use run::run;
pub use settings::Settings;
pub use slots::process_one;
pub use sweep::{Sweep, SweepStats};
pub use worker::Worker;
