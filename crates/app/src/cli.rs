//! The command line: what can be said, and what the exit codes mean.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::causes::causes;
use crate::{config, fib, healthcheck, migrate, role};

/// A Fibonacci calculator: a page, an API, a queue, workers, a record and a cache, and a command line.
#[derive(Parser, Debug)]
#[command(name = "abaci", version, max_term_width = 110, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    it went well
  1    it failed; the reason is on standard error
  2    an argument or a setting is wrong; nothing was begun
  130  interrupted (Ctrl-C); 143 terminated (SIGTERM). what serves or works stops in order on either and ends with 0";

/// What can be done.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Runs everything in this process: page, API, queue, worker, record and cache.
    #[command(after_help = EXIT_CODES)]
    Serve(Box<config::ServeConfig>),
    /// Serves the API, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    #[command(after_help = EXIT_CODES)]
    Api(Box<config::ApiConfig>),
    /// Computes what is asked for, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    #[command(after_help = EXIT_CODES)]
    Worker(Box<config::WorkerConfig>),
    /// Serves the pages, over the API of another process.
    #[command(after_help = EXIT_CODES)]
    Client(Box<config::ClientConfig>),
    /// Prints F(N), exactly, and nothing else.
    #[command(after_help = EXIT_CODES)]
    Fib(fib::Fib),
    /// Brings the record up to date without serving.
    #[command(after_help = EXIT_CODES)]
    Migrate(Box<migrate::Migrate>),
    /// Asks a running `abaci` whether it is ready; for container health checks.
    #[command(after_help = EXIT_CODES)]
    Healthcheck(healthcheck::Healthcheck),
}

/// Reads the command line. What is wrong with it has been said when this returns a code.
pub(crate) fn read() -> Result<Command, ExitCode> {
    Cli::try_parse().map(|cli| cli.command).map_err(|error| {
        if error.use_stderr() {
            say(&config::explain(&error, &Cli::command()));
            WRONG_ARGUMENT.into()
        } else {
            // `--help` and `--version`; a reader that closes early has seen enough.
            let _ = error.print();
            ExitCode::SUCCESS
        }
    })
}

/// Does what was asked; what failed is said on standard error.
pub(crate) fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(config) => role::serve::run(*config).map_err(Failure::from),
        #[cfg(feature = "distributed")]
        Command::Api(config) => role::api::run(*config).map_err(Failure::from),
        #[cfg(feature = "distributed")]
        Command::Worker(config) => role::worker::run(*config).map_err(Failure::from),
        Command::Client(config) => role::client::run(*config).map_err(Failure::from),
        Command::Fib(fib) => fib.run().map_err(Failure::from),
        Command::Migrate(migrate) => migrate.run().map_err(Failure::from),
        Command::Healthcheck(healthcheck) => healthcheck.run().map_err(Failure::from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("error: {}\n", causes(&*failure.error).join(": ")));
            failure.code.into()
        }
    }
}

const FAILED: u8 = 1;
const WRONG_ARGUMENT: u8 = 2;

/// Something that failed, with the exit code that says how.
struct Failure {
    error: Box<dyn Error>,
    code: u8,
}

impl From<role::RoleError> for Failure {
    fn from(error: role::RoleError) -> Self {
        let code = if error.is_wrong_setting() { WRONG_ARGUMENT } else { FAILED };
        Self { error: error.into(), code }
    }
}

impl From<fib::FibError> for Failure {
    fn from(error: fib::FibError) -> Self {
        let code = if error.is_wrong_argument() { WRONG_ARGUMENT } else { FAILED };
        Self { error: error.into(), code }
    }
}

impl From<migrate::MigrateError> for Failure {
    fn from(error: migrate::MigrateError) -> Self {
        let code = if error.is_wrong_setting() { WRONG_ARGUMENT } else { FAILED };
        Self { error: error.into(), code }
    }
}

impl From<healthcheck::HealthcheckError> for Failure {
    fn from(error: healthcheck::HealthcheckError) -> Self {
        Self { error: error.into(), code: FAILED }
    }
}

fn say(text: &str) {
    // With standard error gone there is nobody left to tell; the exit code still speaks.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
