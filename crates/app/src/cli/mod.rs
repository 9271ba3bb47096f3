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
mod number;
mod output;
mod parts;
mod progress_bar;
mod queue;
mod remote;
mod stdout;
mod subject_argument;
mod terminal;
mod usage;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

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
    Serve(Box<config::ServeArgs>),
    /// Serve the API, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    Api(Box<config::ApiArgs>),
    /// Compute queued calculations, over PostgreSQL and Redis.
    #[cfg(feature = "distributed")]
    Worker(Box<config::WorkerArgs>),
    /// Serve the pages, over the API of another process.
    Client(Box<config::ClientArgs>),
    /// Print F(N): its exact digits and nothing else.
    Fib(fib::FibCommand),
    /// Print the N-th Lucas number, or a number of a related sequence.
    Lucas(Box<maths::LucasCommand>),
    /// Print the coefficients of a Fibonacci or Lucas polynomial.
    Polynomial(maths::PolynomialCommand),
    /// Print the Pisano period, the entry point and the factors of M.
    Pisano(maths::PisanoCommand),
    /// Print N as a sum of Fibonacci numbers.
    Zeckendorf(maths::ZeckendorfCommand),
    /// Print which Fibonacci number N is, and those next to it.
    IsFibonacci(maths::IsFibonacciCommand),
    /// Print the N-th Wythoff pair.
    Wythoff(maths::WythoffCommand),
    /// Print characters of the golden string.
    GoldenString(maths::GoldenStringCommand),
    /// Print the algebraic factors of F(N) or L(N).
    Factors(maths::FactorsCommand),
    /// Print the divisors of N.
    Divisors(maths::DivisorsCommand),
    /// Print what is known of whether F(N) or L(N) is prime.
    Primality(maths::PrimalityCommand),
    /// Print how often each digit occurs in F(N).
    Digits(maths::DigitsCommand),
    /// Print the golden ratio, or F(N+1)/F(N), to many places.
    Phi(maths::PhiCommand),
    /// Print a convergent of the golden ratio.
    Convergent(maths::ConvergentCommand),
    /// Check that the digits in a file are those of F(N).
    Verify(maths::VerifyCommand),
    /// Submit indexes to a running system.
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
    Migrate(Box<migrate::MigrateCommand>),
    /// Copy the database of `serve` to a file, while it serves or not.
    Backup(backup::BackupCommand),
    /// Put a backup in place of the database of `serve`, which must be stopped.
    Restore(backup::RestoreCommand),
    /// Check whether a running `abaci` is ready, for container health checks.
    Healthcheck(healthcheck::HealthcheckCommand),
    Completions(generate::CompletionsCommand),
    Man(generate::ManCommand),
}

/// Parses the command line. Prints the error, the help or the version if it returns an exit code.
pub(crate) fn parse() -> Result<Command, ExitCode> {
    let cli = command().try_get_matches().and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    cli.map(|cli| cli.command).map_err(|error| {
        if error.use_stderr() {
            print_error(&usage::with_variable(&error, &command()));
            WRONG_ARGUMENT.into()
        } else {
            print_help(&error)
        }
    })
}

/// Returns the command line. Subcommands without exit codes of their own end their help with the general ones.
fn command() -> clap::Command {
    Cli::command().mut_subcommands(|subcommand| {
        if subcommand.get_after_help().is_none() { subcommand.after_help(EXIT_CODES) } else { subcommand }
    })
}

/// Prints the text of `--help` or `--version`.
fn print_help(help: &clap::Error) -> ExitCode {
    let text = help.render();
    let text = if std::io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    end(stdout::print(|to| to.write_all(text.as_bytes())).map_err(|error| CommandError::new(error, false)))
}

/// Runs a subcommand and prints its error on standard error.
pub(crate) fn run(command: Command) -> ExitCode {
    end(dispatch(command))
}

fn dispatch(subcommand: Command) -> Result<(), CommandError> {
    match subcommand {
        Command::Serve(config) => roles::serve::run(*config)?,
        #[cfg(feature = "distributed")]
        Command::Api(config) => roles::api::run(*config)?,
        #[cfg(feature = "distributed")]
        Command::Worker(config) => roles::worker::run(*config)?,
        Command::Client(config) => roles::client::run(*config)?,
        Command::Fib(fib) => fib.run()?,
        Command::Lucas(lucas) => lucas.run()?,
        Command::Polynomial(polynomial) => polynomial.run()?,
        Command::Pisano(pisano) => pisano.run()?,
        Command::Zeckendorf(zeckendorf) => zeckendorf.run()?,
        Command::IsFibonacci(is_fibonacci) => is_fibonacci.run()?,
        Command::Wythoff(wythoff) => wythoff.run()?,
        Command::GoldenString(golden_string) => golden_string.run()?,
        Command::Factors(factors) => factors.run()?,
        Command::Divisors(divisors) => divisors.run()?,
        Command::Primality(primality) => primality.run()?,
        Command::Digits(digits) => digits.run()?,
        Command::Convergent(convergent) => convergent.run()?,
        Command::Phi(phi) => phi.run()?,
        Command::Verify(verify) => verify.run()?,
        Command::Submit(submit) => submit.run()?,
        Command::Watch(watch) => watch.run()?,
        Command::Get(get) => get.run()?,
        Command::Queue(queue) => queue.run()?,
        Command::Migrate(migrate) => migrate.run()?,
        Command::Backup(backup) => backup.run()?,
        Command::Restore(restore) => restore.run()?,
        Command::Healthcheck(healthcheck) => healthcheck.run()?,
        Command::Completions(completions) => completions.run(command())?,
        Command::Man(man) => man.run(command())?,
    }
    Ok(())
}

fn end(result: Result<(), CommandError>) -> ExitCode {
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

impl From<remote::RemoteError> for CommandError {
    fn from(error: remote::RemoteError) -> Self {
        Self { code: error.exit_code(), error: error.into() }
    }
}

/// Converts errors, for each of which a method returns whether an argument or a setting is wrong.
macro_rules! from_errors {
    ($($error:ty: $is_wrong_argument:expr,)+) => {$(
        impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                let is_wrong_argument = $is_wrong_argument(&error);
                Self::new(error, is_wrong_argument)
            }
        }
    )+};
}

from_errors! {
    roles::RoleError: roles::RoleError::is_wrong_setting,
    fib::FibError: fib::FibError::is_wrong_argument,
    maths::AnswerError: maths::AnswerError::is_wrong_argument,
    migrate::MigrateError: migrate::MigrateError::is_wrong_setting,
    backup::BackupError: backup::BackupError::is_wrong_setting,
    queue::QueueCommandError: queue::QueueCommandError::is_wrong_argument,
    generate::GenerateError: never,
    healthcheck::HealthcheckError: never,
}

fn never<E>(_: &E) -> bool {
    false
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
        command().debug_assert();
    }
}
