//! `abaci`: the page, the API, the workers and the calculator, in one executable.

#[cfg(feature = "distributed")]
mod advice;
mod backends;
mod causes;
mod cli;
mod clock;
mod config;
#[cfg(feature = "distributed")]
mod distributed;
mod embedded;
mod fib;
mod healthcheck;
mod identity;
mod internal;
mod lock;
mod logs;
mod memory;
mod metrics;
mod migrate;
mod mode;
mod panics;
mod parts;
mod process;
mod role;
mod routes;
mod settings;
mod signals;
mod traces;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Whoever speaks TLS finds it here; several are built in, and none is the default. This fails only if
    // one is there already.
    #[cfg(any(feature = "distributed", feature = "otlp", feature = "s3"))]
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::read() {
        Ok(command) => cli::run(command),
        Err(code) => code,
    }
}
