//! `abaci queue`: lists, cancels and purges queued work, through the internal address of a running role.

mod filter;
mod process;
mod report;

use clap::{Args, Subcommand};
use model::Subject;

use self::filter::FilterArgs;
use self::process::QueueCallError;
use crate::cli::stdout::{self, StdoutError};
use crate::cli::subject_argument::parse_subject;
use crate::cli::terminal::ask;
use crate::roles::operator_queue::QueueEntry;

const EXAMPLES: &str = "\
Examples:
  abaci queue list --lane long                     what waits in the long lane
  abaci queue submitters                           who fills the queue
  abaci queue cancel 1000000000 2e8                these two
  abaci queue purge --submitter 192.0.2.7          everything of one address, after asking
  abaci queue purge --min-index 1e8 --older-than 2h --force
  docker compose exec api abaci queue --role api submitters

A cancelled calculation says so on its page and in the API. It can be submitted again.
The queue answers programs on the machine (or in the container) of the process only.";

/// List, cancel and purge queued and running calculations, and see who submitted them.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QueueCommand {
    #[command(subcommand)]
    action: QueueAction,

    #[command(flatten)]
    process: process::QueueProcessArgs,
}

#[derive(Subcommand, Debug)]
enum QueueAction {
    /// List queued and running calculations, the first submitted first.
    #[command(after_help = EXAMPLES)]
    List {
        /// Print at most this many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Print how much each address has queued or running, the most work first.
    #[command(after_help = EXAMPLES)]
    Submitters {
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Cancel these calculations. Exit code 1 if one of them was not queued or running.
    #[command(after_help = EXAMPLES)]
    Cancel {
        /// Indexes, also as 1e9 or 2^20+1, or other subjects, such as 'L(1e9)'.
        #[arg(value_name = "N", required = true, allow_negative_numbers = true, value_parser = parse_subject)]
        subjects: Vec<Subject>,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Cancel everything that the filters select, or everything. Asks first.
    #[command(after_help = EXAMPLES)]
    Purge {
        /// Do not ask.
        #[arg(short, long)]
        force: bool,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueCommandError {
    /// The process does not answer, or not as expected.
    #[error(transparent)]
    Call(#[from] QueueCallError),
    /// The output was lost.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// Standard input is no terminal, so the question cannot be asked.
    #[error("standard input is not a terminal: expected --force to purge without asking")]
    CannotAsk,
    /// The operator said no.
    #[error("nothing was cancelled")]
    Declined,
    /// Some calculations were not unfinished.
    #[error("not queued or running: {}", list(.0))]
    NotUnfinished(Vec<String>),
}

impl QueueCommandError {
    /// Returns whether an argument must be changed.
    pub(crate) const fn is_wrong_argument(&self) -> bool {
        matches!(self, Self::CannotAsk)
    }
}

impl QueueCommand {
    pub(crate) fn run(self) -> Result<(), QueueCommandError> {
        let process = self.process.open();
        match self.action {
            QueueAction::List { filter, limit, json } => {
                let entries = process.read(&filter.query(), limit.unwrap_or(usize::MAX))?;
                print(&if json { report::list_json(&entries) } else { report::list(&entries) })
            }
            QueueAction::Submitters { filter, json } => {
                let entries = process.read(&filter.query(), usize::MAX)?;
                print(&if json { report::submitters_json(&entries) } else { report::submitters(&entries) })
            }
            QueueAction::Cancel { subjects, json } => {
                let paths: Vec<String> = subjects.iter().map(Subject::path).collect();
                let cancelled = process.cancel(&paths)?;
                print(&report::cancelled(&cancelled, json))?;
                let missing: Vec<String> = paths.into_iter().filter(|path| !cancelled.contains(path)).collect();
                if missing.is_empty() { Ok(()) } else { Err(QueueCommandError::NotUnfinished(missing)) }
            }
            QueueAction::Purge { filter, force, json } => {
                // Cancels the jobs shown, even if more are queued meanwhile.
                let entries = process.read(&filter.query(), usize::MAX)?;
                if !force && !entries.is_empty() {
                    confirm(&entries)?;
                }
                let paths: Vec<String> = entries.into_iter().map(|entry| entry.index).collect();
                print(&report::cancelled(&process.cancel(&paths)?, json))
            }
        }
    }
}

/// Asks whether to cancel all of these.
fn confirm(entries: &[QueueEntry]) -> Result<(), QueueCommandError> {
    match ask(&format!("{}Cancel all of them?", report::submitters(entries))) {
        Some(true) => Ok(()),
        Some(false) => Err(QueueCommandError::Declined),
        None => Err(QueueCommandError::CannotAsk),
    }
}

fn print(text: &str) -> Result<(), QueueCommandError> {
    Ok(stdout::print(|to| to.write_all(text.as_bytes()))?)
}

/// Lists paths of subjects, at most ten of them.
fn list(paths: &[String]) -> String {
    let shown: Vec<&str> = paths.iter().take(10).map(String::as_str).collect();
    match paths.len().checked_sub(shown.len()) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
