//! A worker over a real record, a queue and a cache in memory, and values in a temporary directory.

mod errors;
mod inherited;
mod leases;
mod memory;
mod panics;
mod shaky;
mod sweep;
mod system;
mod troubled;
mod work;
