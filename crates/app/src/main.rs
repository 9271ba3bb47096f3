//! `abaci`: the page, the API, the workers and the calculator, in one executable.

mod backends;
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

use std::process::ExitCode;

fn main() -> ExitCode {
    // Whoever speaks TLS finds it here; several are built in, and none is the default. This fails only if
    // one is there already.
    #[cfg(feature = "distributed")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::read() {
        Ok(command) => cli::run(command),
        Err(code) => code,
    }
}
