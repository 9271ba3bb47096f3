//! `abaci`: the page, the API, the workers and the calculator, in one executable.

mod cli;
mod clock;
mod config;
mod embedded;
mod fib;
mod healthcheck;
mod internal;
mod lock;
mod logs;
mod memory;
mod metrics;
mod migrate;
mod mode;
mod panics;
mod parts;
mod routes;
mod serve;
mod signals;
mod traces;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Whatever speaks TLS in this process uses it, and wants it before its first client. An error says that
    // one is installed, and so much is wanted.
    #[cfg(any(feature = "otlp", feature = "s3"))]
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::read() {
        Ok(command) => cli::run(command),
        Err(code) => code,
    }
}
