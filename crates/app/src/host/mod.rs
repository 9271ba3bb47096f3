//! The machine: its clock, its memory, and a unique name for this process.

mod clock;
pub(crate) mod memory;
mod worker_id;

pub(crate) use clock::SystemClock;
pub(crate) use worker_id::worker_id;
