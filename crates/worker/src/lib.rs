//! Claim, compute, record, announce, acknowledge; and the sweep.
//!
//! [`step`] does one job, [`run`] repeats it in every slot, [`Sweep`] finds what the queue does not
//! know of. The order of the steps, and why a crash between any two is harmless, is written in [`step`].

mod budget;
mod claiming;
mod compute;
mod error;
mod found;
mod heartbeat;
mod liveness;
mod metrics;
mod mirror;
mod recording;
mod run;
mod setback;
mod settings;
mod step;
mod sweep;
mod threads;
mod worker;

pub use error::WorkerError;
pub use metrics::describe as describe_metrics;
pub use run::run;
pub use settings::Settings;
pub use step::{Outcome, step};
pub use sweep::{Sweep, Swept};
pub use worker::Worker;
