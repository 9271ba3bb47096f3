//! The command line: its subcommands and exit codes. Each subcommand has a file here or in `roles/`.

mod backup;
mod fib;
mod generate;
mod healthcheck;
mod indexes;
mod internal_client;
mod interruptible;
mod maths;
mod migrate;
mod output;
mod parts;
mod queue;
mod remote;
mod stdout;
mod terminal;
mod usage;

use std::error::Error;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::observability::error_chain::error_chain;
use crate::{config, roles};

/// A Fibonacci calculator: a command line, and a service with pages, an API, a queue, workers, a store and a cache.
#[derive(Parser, Debug)]
#[command(name = "abaci", version, max_term_width = 110, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    failure; the reason is on standard error
  2    wrong argument or setting; nothing was started
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)
serve, api, worker and client shut down gracefully on either signal and exit with 0.";

/// A subcommand.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run everything in this process: pages, API, queue, worker, store and cache.
    #[command(after_help = EXIT_CODES)]
    Serve(Box<config::ServeArgs>),
    /// Serve the API, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    #[command(after_help = EXIT_CODES)]
    Api(Box<config::ApiArgs>),
    /// Compute queued calculations, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    #[command(after_help = EXIT_CODES)]
    Worker(Box<config::WorkerArgs>),
    /// Serve the pages, over the API of another process.
    #[command(after_help = EXIT_CODES)]
    Client(Box<config::ClientArgs>),
    /// Print F(N): its exact digits and nothing else.
    #[command(after_help = EXIT_CODES)]
    Fib(fib::FibCommand),
    /// Print the N-th Lucas number, or a number of a related sequence.
    #[command(after_help = EXIT_CODES)]
    Lucas(Box<maths::LucasCommand>),
    /// Print the coefficients of a Fibonacci or Lucas polynomial.
    #[command(after_help = EXIT_CODES)]
    Polynomial(maths::PolynomialCommand),
    /// Print the Pisano period, the entry point and the factors of M.
    #[command(after_help = EXIT_CODES)]
    Pisano(maths::PisanoCommand),
    /// Print N as a sum of Fibonacci numbers.
    #[command(after_help = EXIT_CODES)]
    Zeckendorf(maths::ZeckendorfCommand),
    /// Print which Fibonacci number N is, and those next to it.
    #[command(after_help = EXIT_CODES)]
    IsFibonacci(maths::IsFibonacciCommand),
    /// Print the N-th Wythoff pair.
    #[command(after_help = EXIT_CODES)]
    Wythoff(maths::WythoffCommand),
    /// Print characters of the golden string.
    #[command(after_help = EXIT_CODES)]
    GoldenString(maths::GoldenStringCommand),
    /// Print the algebraic factors of F(N) or L(N).
    #[command(after_help = EXIT_CODES)]
    Factors(maths::FactorsCommand),
    /// Print the divisors of N.
    #[command(after_help = EXIT_CODES)]
    Divisors(maths::DivisorsCommand),
    /// Print what is known of whether F(N) or L(N) is prime.
    #[command(after_help = EXIT_CODES)]
    Primality(maths::PrimalityCommand),
    /// Print how often each digit occurs in F(N).
    #[command(after_help = EXIT_CODES)]
    Digits(maths::DigitsCommand),
    /// Print the golden ratio, or F(N+1)/F(N), to many places.
    #[command(after_help = EXIT_CODES)]
    Phi(maths::PhiCommand),
    /// Print a convergent of the golden ratio.
    #[command(after_help = EXIT_CODES)]
    Convergent(maths::ConvergentCommand),
    /// Check that the digits in a file are those of F(N).
    #[command(after_help = EXIT_CODES)]
    Verify(maths::VerifyCommand),
    /// Submit indexes to a running system.
    #[command(after_help = EXIT_CODES)]
    Submit(remote::SubmitCommand),
    /// Follow a calculation of a running system to its end.
    #[command(after_help = remote::WAITING_EXIT_CODES)]
    Watch(remote::WatchCommand),
    /// Print F(N) as a running system has it.
    #[command(after_help = remote::WAITING_EXIT_CODES)]
    Get(remote::GetCommand),
    /// List, cancel and purge queued and running calculations, and see who submitted them.
    Queue(queue::QueueCommand),
    /// Create or migrate the database without serving.
    #[command(after_help = EXIT_CODES)]
    Migrate(Box<migrate::MigrateCommand>),
    /// Copy the database of `serve` to a file, while it serves or not.
    #[command(after_help = EXIT_CODES)]
    Backup(backup::BackupCommand),
    /// Put a backup in place of the database of `serve`, which must be stopped.
    #[command(after_help = EXIT_CODES)]
    Restore(backup::RestoreCommand),
    /// Check whether a running `abaci` is ready, for container health checks.
    #[command(after_help = EXIT_CODES)]
    Healthcheck(healthcheck::HealthcheckCommand),
    #[command(after_help = EXIT_CODES)]
    Completions(generate::CompletionsCommand),
    #[command(after_help = EXIT_CODES)]
    Man(generate::ManCommand),
}

/// Parses the command line. Prints the error, the help or the version if it returns an exit code.
pub(crate) fn parse() -> Result<Command, ExitCode> {
    Cli::try_parse().map(|cli| cli.command).map_err(|error| {
        if error.use_stderr() {
            print_error(&usage::with_variable(&error, &Cli::command()));
            WRONG_ARGUMENT.into()
        } else {
            print_help(&error)
        }
    })
}

/// Prints the text of `--help` or `--version`.
fn print_help(help: &clap::Error) -> ExitCode {
    let text = help.render();
    let text = if std::io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    match stdout::write_stdout(|to| to.write_all(text.as_bytes())) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            print_error(&format!("error: cannot write to standard output: {error}\n"));
            FAILURE.into()
        }
        // A reader may close early.
        _ => ExitCode::SUCCESS,
    }
}

/// Runs a subcommand and prints its error on standard error.
pub(crate) fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(config) => roles::serve::run(*config).map_err(CommandError::from),
        #[cfg(feature = "distributed")]
        Command::Api(config) => roles::api::run(*config).map_err(CommandError::from),
        #[cfg(feature = "distributed")]
        Command::Worker(config) => roles::worker::run(*config).map_err(CommandError::from),
        Command::Client(config) => roles::client::run(*config).map_err(CommandError::from),
        Command::Fib(fib) => fib.run().map_err(CommandError::from),
        Command::Lucas(lucas) => lucas.run().map_err(CommandError::from),
        Command::Polynomial(polynomial) => polynomial.run().map_err(CommandError::from),
        Command::Pisano(pisano) => pisano.run().map_err(CommandError::from),
        Command::Zeckendorf(zeckendorf) => zeckendorf.run().map_err(CommandError::from),
        Command::IsFibonacci(is_fibonacci) => is_fibonacci.run().map_err(CommandError::from),
        Command::Wythoff(wythoff) => wythoff.run().map_err(CommandError::from),
        Command::GoldenString(golden_string) => golden_string.run().map_err(CommandError::from),
        Command::Factors(factors) => factors.run().map_err(CommandError::from),
        Command::Divisors(divisors) => divisors.run().map_err(CommandError::from),
        Command::Primality(primality) => primality.run().map_err(CommandError::from),
        Command::Digits(digits) => digits.run().map_err(CommandError::from),
        Command::Convergent(convergent) => convergent.run().map_err(CommandError::from),
        Command::Phi(phi) => phi.run().map_err(CommandError::from),
        Command::Verify(verify) => verify.run().map_err(CommandError::from),
        Command::Submit(submit) => submit.run().map_err(CommandError::from),
        Command::Watch(watch) => watch.run().map_err(CommandError::from),
        Command::Get(get) => get.run().map_err(CommandError::from),
        Command::Queue(queue) => queue.run().map_err(CommandError::from),
        Command::Migrate(migrate) => migrate.run().map_err(CommandError::from),
        Command::Backup(backup) => backup.run().map_err(CommandError::from),
        Command::Restore(restore) => restore.run().map_err(CommandError::from),
        Command::Healthcheck(healthcheck) => healthcheck.run().map_err(CommandError::from),
        Command::Completions(completions) => completions.run(Cli::command()).map_err(CommandError::from),
        Command::Man(man) => man.run(Cli::command()).map_err(CommandError::from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            print_error(&format!("error: {}\n", error_chain(&*failed.error).join(": ")));
            failed.code.into()
        }
    }
}

const FAILURE: u8 = 1;
const WRONG_ARGUMENT: u8 = 2;

/// The error of a subcommand, with its exit code.
struct CommandError {
    error: Box<dyn Error>,
    code: u8,
}

impl CommandError {
    fn new(error: impl Error + 'static, is_wrong_argument: bool) -> Self {
        Self { error: error.into(), code: if is_wrong_argument { WRONG_ARGUMENT } else { FAILURE } }
    }
}

impl From<roles::RoleError> for CommandError {
    fn from(error: roles::RoleError) -> Self {
        let is_wrong_setting = error.is_wrong_setting();
        Self::new(error, is_wrong_setting)
    }
}

impl From<fib::FibError> for CommandError {
    fn from(error: fib::FibError) -> Self {
        let is_wrong_argument = error.is_wrong_argument();
        Self::new(error, is_wrong_argument)
    }
}

impl From<maths::AnswerError> for CommandError {
    fn from(error: maths::AnswerError) -> Self {
        let is_wrong_argument = error.is_wrong_argument();
        Self::new(error, is_wrong_argument)
    }
}

impl From<migrate::MigrateError> for CommandError {
    fn from(error: migrate::MigrateError) -> Self {
        let is_wrong_setting = error.is_wrong_setting();
        Self::new(error, is_wrong_setting)
    }
}

impl From<backup::BackupError> for CommandError {
    fn from(error: backup::BackupError) -> Self {
        let is_wrong_setting = error.is_wrong_setting();
        Self::new(error, is_wrong_setting)
    }
}

impl From<queue::QueueCommandError> for CommandError {
    fn from(error: queue::QueueCommandError) -> Self {
        let is_wrong_argument = error.is_wrong_argument();
        Self::new(error, is_wrong_argument)
    }
}

impl From<remote::RemoteError> for CommandError {
    fn from(error: remote::RemoteError) -> Self {
        let code = error.exit_code();
        Self { error: error.into(), code }
    }
}

impl From<generate::GenerateError> for CommandError {
    fn from(error: generate::GenerateError) -> Self {
        Self::new(error, false)
    }
}

impl From<healthcheck::HealthcheckError> for CommandError {
    fn from(error: healthcheck::HealthcheckError) -> Self {
        Self::new(error, false)
    }
}

fn print_error(text: &str) {
    // Without a standard error, the exit code is all that is left.
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
