//! `abaci get N`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use fibonacci::IBig;
use model::{Index, Status, ValueState};
use wire::{CalculationBody, ProblemKind};

use super::RemoteServerArgs;
use super::connection::RemoteServer;
use super::download::{DownloadError, ValueDownload};
use super::error::RemoteError;
use super::follow::{find, follow};
use super::parts::parts_of;
use super::progress::{show_calculation, start_calculation};
use super::submit::submit;
use super::watch::expect_done;
use crate::cli::interruptible::run_interruptible;
use crate::cli::maths::BigIndex;
use crate::cli::output::ValueOutput;
use crate::cli::parts::PartArgs;
use crate::cli::terminal::TerminalGuard;

/// Maximum number of submissions of a value that is evicted before it is read.
const MAX_SUBMISSIONS: u32 = 3;

/// Print F(N) as a running system has it: its exact decimal digits and a newline, and nothing else.
///
/// Submits N if it is not known there, waits until it is done, and checks the SHA-256 of the digits. It goes on where
/// it was after a broken connection or a restart of the system. If standard error is a terminal, a progress bar is
/// shown.
#[derive(Args, Debug)]
pub(crate) struct GetCommand {
    /// Index, also as 1e9 or 2^20+1; for parts up to 10^1000.
    #[arg(value_name = "N", allow_negative_numbers = true)]
    index: BigIndex,

    /// Write to FILE instead of standard output (`-`). The file is replaced only once it is complete and checked.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print a JSON object with the value or the parts.
    #[arg(long)]
    json: bool,

    /// Print more than a million digits on a terminal without asking.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    parts: PartArgs,

    #[command(flatten)]
    server: RemoteServerArgs,
}

impl GetCommand {
    /// Gets and prints. Does not return after a signal: the process ends, and no part file is left.
    pub(crate) fn run(self) -> Result<(), RemoteError> {
        let output = ValueOutput::open(self.output.as_deref())?;
        run_interruptible(output, move |output| {
            let server = RemoteServer::open(&self.server)?;
            let result = self.print(&server, output);
            server.bar.finish_and_clear();
            result
        })
    }

    fn print(&self, server: &RemoteServer, output: &ValueOutput) -> Result<(), RemoteError> {
        let n: &IBig = self.index.get();
        if self.parts.are_requested() {
            let text = parts_of(server, n, &self.parts, self.json)?.render(self.json);
            return Ok(output.write(|to| writeln!(to, "{text}"))?);
        }
        let index = Index::new(n.try_into().map_err(|_| RemoteError::TooLarge)?);
        let calculation = wait_for_value(server, index)?;
        output.check_free_space(calculation.digits)?;
        if let ValueOutput::Stdout = output {
            server.bar.suspend(|| TerminalGuard::of_stdout(self.force).allow(index.get(), calculation.digits))?;
        }
        let mut failure = None;
        let written = output.write(|to| {
            self.write_value(to, server, index, &calculation).map_err(|error| match error {
                DownloadError::Write(error) => error,
                DownloadError::Remote(error) => {
                    failure = Some(error);
                    io::ErrorKind::Other.into()
                }
            })
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(written?),
        }
    }

    fn write_value(
        &self,
        to: &mut dyn Write,
        server: &RemoteServer,
        index: Index,
        calculation: &CalculationBody,
    ) -> Result<(), DownloadError> {
        let sha256 = calculation.sha256.as_deref().unwrap_or_default();
        if self.json {
            let digits = calculation.digits;
            write!(to, r#"{{"index":"{index}","digits":"{digits}","sha256":"{sha256}","value":""#)?;
        }
        let mut download = ValueDownload::new(server, index);
        download.write(to, &mut || wait_for_value(server, index).map(drop))?;
        download.check(sha256)?;
        Ok(to.write_all(if self.json { b"\"}\n" } else { b"\n" })?)
    }
}

/// Waits until the server has the value. Submits the index unless it is queued or running.
fn wait_for_value(server: &RemoteServer, index: Index) -> Result<CalculationBody, RemoteError> {
    start_calculation(&server.bar, &format!("F({index})"));
    for _ in 0..MAX_SUBMISSIONS {
        let calculation = match find(server, index)? {
            Some(calculation) if has_value(&calculation) => return Ok(calculation),
            Some(calculation) if !calculation.status.is_final() => calculation,
            _ => submit(server, index).map_err(offer_parts)?.calculation,
        };
        let ended = if calculation.status.is_final() {
            calculation
        } else {
            follow(server, index, &mut |change| {
                show_calculation(&server.bar, change);
                Ok(())
            })?
        };
        let done = expect_done(index, ended)?;
        if has_value(&done) {
            return Ok(done);
        }
    }
    Err(RemoteError::Evicted(index))
}

/// Adds the options that work for an index that the server does not compute.
fn offer_parts(error: RemoteError) -> RemoteError {
    match error.problem_kind() {
        Some(ProblemKind::IndexOutOfRange | ProblemKind::TooLargeToFit) => {
            RemoteError::NoValue { refusal: Box::new(error) }
        }
        _ => error,
    }
}

fn has_value(calculation: &CalculationBody) -> bool {
    calculation.status == Status::Done
        && matches!(calculation.value_state, Some(ValueState::Inline | ValueState::Object))
}
