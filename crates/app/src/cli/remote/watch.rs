//! `abaci watch N`

use std::io::{self, IsTerminal};

use clap::Args;
use indicatif::HumanCount;
use model::{Status, Subject};
use wire::{CalculationBody, ProgressEvent};

use super::RemoteServerArgs;
use super::connection::RemoteServer;
use super::error::RemoteError;
use super::events::CalculationChange;
use super::follow::follow;
use super::progress::{show_calculation, start_calculation};
use crate::cli::stdout::write_stdout;
use crate::cli::subject_argument::parse_subject;

/// Follow a calculation of a running system until it is done, failed or cancelled.
///
/// If standard error is a terminal, a progress bar is shown; otherwise a line for each change. It goes on through
/// restarts of the system, and without an event stream it polls.
#[derive(Args, Debug)]
pub(crate) struct WatchCommand {
    /// Index of a submitted calculation, also as 1e9 or 2^20+1, or its subject, such as 'L(1e6)'.
    #[arg(value_name = "N", allow_negative_numbers = true, value_parser = parse_subject)]
    subject: Subject,

    /// Print a JSON object for each change, as the event stream has it.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RemoteServerArgs,
}

impl WatchCommand {
    pub(crate) fn run(self) -> Result<(), RemoteError> {
        let server = RemoteServer::open(&self.server)?;
        let subject = &self.subject;
        let mut lines = ChangeLines { is_json: self.json, last: None };
        let has_bar = !self.json && io::stderr().is_terminal();
        if has_bar {
            start_calculation(&server.bar, &subject.to_string());
        }
        let ended = follow(&server, subject, &mut |change| {
            if has_bar {
                show_calculation(&server.bar, change);
                Ok(())
            } else {
                lines.print(change)
            }
        });
        server.bar.finish_and_clear();
        let ended = ended?;
        if has_bar {
            lines.print(&CalculationChange::State(Box::new(ended.clone())))?;
        }
        expect_done(subject, ended).map(drop)
    }
}

/// Returns a calculation that is done, or an error for another end.
pub(super) fn expect_done(subject: &Subject, ended: CalculationBody) -> Result<CalculationBody, RemoteError> {
    match (ended.status, ended.failure) {
        (Status::Failed, Some(failure)) => Err(RemoteError::CalculationFailed { subject: subject.clone(), failure }),
        (Status::Cancelled, _) => Err(RemoteError::Cancelled(subject.clone())),
        (_, failure) => Ok(CalculationBody { failure, ..ended }),
    }
}

/// Prints changes as lines: each state once, and progress in steps of a tenth.
struct ChangeLines {
    is_json: bool,
    /// The last text, without the time left.
    last: Option<String>,
}

impl ChangeLines {
    fn print(&mut self, change: &CalculationChange) -> Result<(), RemoteError> {
        let Some((text, addition)) = (if self.is_json { json(change) } else { line(change) }) else { return Ok(()) };
        if self.last.as_ref() == Some(&text) {
            return Ok(());
        }
        write_stdout(|to| writeln!(to, "{text}{addition}"))?;
        self.last = Some(text);
        Ok(())
    }
}

fn json(change: &CalculationChange) -> Option<(String, String)> {
    let text = match change {
        CalculationChange::State(calculation) => serde_json::to_string(calculation),
        CalculationChange::Progress(progress) => serde_json::to_string(progress),
        CalculationChange::Reset => return None,
    };
    // Structures of texts and finite numbers can always be written as JSON.
    Some((text.ok()?, String::new()))
}

fn line(change: &CalculationChange) -> Option<(String, String)> {
    match change {
        CalculationChange::State(calculation) => {
            let CalculationBody { subject, status, progress, remaining_ms, digits, waiting_for, .. } = &**calculation;
            Some(match status {
                Status::Running => running(subject, progress.unwrap_or(0.0), *remaining_ms),
                Status::Done => (format!("{subject} {status}, {} digits", HumanCount(*digits)), String::new()),
                _ => {
                    let waiting = waiting_for.map(|waiting| format!(", waits for {waiting}"));
                    (format!("{subject} {status}"), waiting.unwrap_or_default())
                }
            })
        }
        CalculationChange::Progress(ProgressEvent { subject, progress, remaining_ms, .. }) => {
            Some(running(subject, *progress, *remaining_ms))
        }
        CalculationChange::Reset => None,
    }
}

fn running(subject: &str, fraction: f64, remaining_ms: Option<u64>) -> (String, String) {
    let tenths = (fraction * 10.0).floor() * 10.0;
    let left = remaining_ms.map(|ms| format!(", {:.1} s left", ms as f64 / 1e3));
    (format!("{subject} {}, {tenths} %", Status::Running), left.unwrap_or_default())
}
