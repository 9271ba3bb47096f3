//! The distributed roles on backends as in production: PostgreSQL and Redis with TLS and passwords, long values in a
//! bucket or a shared folder; their metrics, and the resources that they hold.
//!
//! Every test starts its own servers on loopback, which end with it.
#![expect(clippy::print_stdout, reason = "a test that prints its measurements")]

mod failover;
mod get;
mod metrics;
mod processor;
mod queue;
mod replaced_database;
mod resources;
mod role;
mod s3;
#[expect(dead_code, unused_imports, reason = "the other suites use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod system;
mod tls;
mod traces;
mod value_location;
mod values;
