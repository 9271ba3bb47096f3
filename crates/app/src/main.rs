//! `abaci`: the pages, the API, the workers and the calculator, in one executable.

mod backends;
mod cli;
mod config;
mod host;
mod observability;
mod process;
mod roles;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Several TLS providers are built in and none is the default. This fails only if one is installed already.
    #[cfg(any(feature = "distributed", feature = "otlp", feature = "s3"))]
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::parse() {
        Ok(command) => cli::run(command),
        Err(code) => code,
    }
}
