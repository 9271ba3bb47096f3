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

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::read() {
        Ok(command) => cli::run(command),
        Err(code) => code,
    }
}
