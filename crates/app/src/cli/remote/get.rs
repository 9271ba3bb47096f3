//! `abaci get N`

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use model::{Index, Status, Subject, ValueState};
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
use crate::cli::number::BigIndex;
use crate::cli::output::ValueOutput;
use crate::cli::parts::PartArgs;
use crate::cli::subject_argument::SubjectArgument;
use crate::cli::terminal::TerminalGuard;

/// Maximum number of submissions of a value that is evicted before it is read.
const MAX_SUBMISSIONS: u32 = 3;

/// Print F(N), or another subject, as a running system has it: its exact decimal digits and a newline, and nothing else.
///
/// Submits N if it is not known there, waits until it is done, and checks the SHA-256 of the digits. It goes on where
/// it was after a broken connection or a restart of the system. If standard error is a terminal, a progress bar is
/// shown.
#[derive(Args, Debug)]
pub(crate) struct GetCommand {
    /// Index, also as 1e9 or 2^20+1, for parts up to 10^1000; or another subject, such as 'L(1e6)'.
    #[arg(value_name = "N", allow_negative_numbers = true)]
    number: GetArgument,

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

/// What to get.
#[derive(Clone, Debug)]
enum GetArgument {
    Index(BigIndex),
    Subject(Subject),
}

impl FromStr for GetArgument {
    type Err = Box<dyn Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if SubjectArgument::is_meant(text) {
            let SubjectArgument(subject) = text.parse()?;
            return Ok(Self::Subject(subject));
        }
        Ok(Self::Index(text.parse()?))
    }
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
        let subject = match &self.number {
            GetArgument::Index(n) if self.parts.are_requested() => {
                let text = parts_of(server, n.get(), &self.parts, self.json)?.render(self.json);
                return Ok(output.write(|to| writeln!(to, "{text}"))?);
            }
            GetArgument::Index(n) => Index::new(n.word().ok_or(RemoteError::TooLarge)?).into(),
            GetArgument::Subject(_) if self.parts.are_requested() => return Err(RemoteError::NoParts),
            GetArgument::Subject(subject) => subject.clone(),
        };
        let calculation = wait_for_value(server, &subject)?;
        output.check_free_space(calculation.digits)?;
        if let ValueOutput::Stdout = output {
            server.bar.suspend(|| TerminalGuard::of_stdout(self.force).allow(&subject, calculation.digits))?;
        }
        let mut failure = None;
        let written = output.write(|to| {
            self.write_value(to, server, &subject, &calculation).map_err(|error| match error {
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
        subject: &Subject,
        calculation: &CalculationBody,
    ) -> Result<(), DownloadError> {
        let sha256 = calculation.sha256.as_deref().unwrap_or_default();
        if self.json {
            let digits = calculation.digits;
            let index = subject.argument();
            let other = match subject.fibonacci_index() {
                Some(_) => String::new(),
                None => format!(r#""subject":"{subject}","#),
            };
            write!(to, r#"{{{other}"index":"{index}","digits":"{digits}","sha256":"{sha256}","value":""#)?;
        }
        let mut download = ValueDownload::new(server, subject);
        download.write(to, &mut || wait_for_value(server, subject).map(drop))?;
        download.check(sha256)?;
        Ok(to.write_all(if self.json { b"\"}\n" } else { b"\n" })?)
    }
}

/// Waits until the server has the value. Submits the subject unless it is queued or running.
fn wait_for_value(server: &RemoteServer, subject: &Subject) -> Result<CalculationBody, RemoteError> {
    start_calculation(&server.bar, &subject.to_string());
    for _ in 0..MAX_SUBMISSIONS {
        let calculation = match find(server, subject)? {
            Some(calculation) if has_value(&calculation) => return Ok(calculation),
            Some(calculation) if !calculation.status.is_final() => calculation,
            _ => submit(server, subject).map_err(|error| offer_parts(error, subject))?.calculation,
        };
        let ended = if calculation.status.is_final() {
            calculation
        } else {
            follow(server, subject, &mut |change| {
                show_calculation(&server.bar, change);
                Ok(())
            })?
        };
        let done = expect_done(subject, ended)?;
        if has_value(&done) {
            return Ok(done);
        }
    }
    Err(RemoteError::Evicted(subject.clone()))
}

/// Adds the options that work for an index that the server does not compute.
fn offer_parts(error: RemoteError, subject: &Subject) -> RemoteError {
    match error.problem_kind() {
        Some(ProblemKind::IndexOutOfRange | ProblemKind::TooLargeToFit) if subject.fibonacci_index().is_some() => {
            RemoteError::NoValue { refusal: Box::new(error) }
        }
        _ => error,
    }
}

fn has_value(calculation: &CalculationBody) -> bool {
    calculation.status == Status::Done
        && matches!(calculation.value_state, Some(ValueState::Inline | ValueState::Object))
}
