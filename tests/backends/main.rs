//! The distributed shape on what it is meant to stand on in earnest: PostgreSQL and Redis that speak TLS and
//! ask for passwords, long values in a bucket or a shared folder; and what it holds and tells meanwhile.
//!
//! Every test starts servers of its own on loopback, and they end with it.
#![expect(clippy::print_stdout, reason = "a test says what it measured")]

mod holding;
#[path = "../http.rs"]
mod http;
mod metrics;
#[path = "../faults/oracle.rs"]
mod oracle;
#[path = "../faults/patience.rs"]
mod patience;
#[path = "../faults/process.rs"]
mod process;
mod processor;
#[path = "../faults/proxy.rs"]
mod proxy;
mod role;
mod s3;
#[expect(dead_code, unused_imports, reason = "the faults use the rest")]
#[path = "../faults/services/mod.rs"]
mod services;
mod shelf;
mod system;
mod tls;
mod values;
