//! A worker with a SQLite store, values in a temporary folder, and queue and cache in memory.

mod errors;
mod faulty_queue;
mod faulty_store;
mod harness;
mod inherited;
mod leases;
mod memory;
mod panics;
mod small_disk;
mod sweep;
mod together;
mod work;
