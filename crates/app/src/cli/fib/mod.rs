//! The calculator: `abaci fib N`.

mod format;
mod progress;
mod records;

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::indexes::{IndexArgument, IndexInputError};
use super::interruptible::{InterruptibleError, run_interruptible};
use super::output::{OutputError, ValueOutput};
use super::parts::PartArgs;
use super::terminal::TerminalError;
use crate::config::ByteSize;

pub(super) use format::Format;
use records::{RecordError, RecordWriter};

/// Print F(N), the N-th Fibonacci number with F(0) = 0 and F(1) = 1: its exact decimal digits and a
/// newline on standard output, and nothing else.
///
/// If standard error is a terminal, a progress bar is shown for work above a second.
/// A reader that closes early (`abaci fib 1e9 | head -c 10`) is not an error.
#[derive(Args, Debug)]
pub(crate) struct FibCommand {
    /// Index: a whole number within 64 bits, also as 1e6, 10^6, 2^20+1 or "1 000 000"; for parts up to 10^1000. A
    /// negative index is allowed: F(−n) = (−1)ⁿ⁺¹·F(n). FROM..TO or FROM..TO..STEP is a range with both ends; `-`
    /// reads an index or a range from each line of standard input.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    index: IndexArgument,

    /// More of them.
    // An argument for several values with `allow_hyphen_values` would take options as values too.
    #[arg(value_name = "N", allow_negative_numbers = true)]
    more_indexes: Vec<IndexArgument>,

    /// Write to FILE instead of standard output (`-`). The file is replaced only once it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Print a JSON object for each N, with the value or with the parts; the same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// Print more than a million digits on a terminal without asking.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    parts: PartArgs,
}

/// Error for a value that was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FibError {
    /// The output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The indexes cannot be read.
    #[error(transparent)]
    Input(#[from] IndexInputError),
    /// The digits are too many for a terminal.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// A format that has no place for parts.
    #[error("--format b-file takes whole values; --digits, --first, --last and --mod go with lines, csv or json")]
    PartsInBFile,
    /// Not enough memory: use a smaller index or a larger machine.
    #[error(
        "F({index}) has {digits} digits and needs about {} of memory, but only {} are available; \
         --digits, --first, --last and --mod work for this N",
        ByteSize(*needed_bytes), ByteSize(*available_bytes)
    )]
    Memory {
        /// N.
        index: i64,
        /// The number of digits of F(N).
        digits: u64,
        /// The memory it needs.
        needed_bytes: u64,
        /// The available memory.
        available_bytes: u64,
    },
    /// The index is too large for a value.
    #[error("F({index}) has {digits} digits, too many to compute; --digits, --first, --last and --mod work for this N")]
    TooLarge {
        /// N, or the letter if it is long.
        index: String,
        /// The number of digits of F(N), or about how many.
        digits: String,
    },
    /// The computation failed.
    #[error(transparent)]
    Compute(#[from] fibonacci::Error),
    /// The computation did not run to its end.
    #[error(transparent)]
    Interruptible(#[from] InterruptibleError),
}

impl FibError {
    /// Returns whether an argument must be changed.
    pub(crate) fn is_wrong_argument(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::PartsInBFile | Self::Output(OutputError::NotAFile { .. }))
    }
}

impl FibCommand {
    /// Computes and prints. Does not return after a signal: the process ends, and no part file is left.
    pub(crate) fn run(self) -> Result<(), FibError> {
        let output = ValueOutput::open(self.output.as_deref())?;
        run_interruptible(output, move |output| self.print(output))
    }

    fn print(&self, output: &ValueOutput) -> Result<(), FibError> {
        if self.format() == Format::BFile && self.parts.are_requested() {
            return Err(FibError::PartsInBFile);
        }
        let mut failure = None;
        let written = output.write(|to| {
            let records = RecordWriter::new(to, self.format(), &self.parts, output, self.force);
            self.write_records(records).map_err(|error| match error {
                RecordError::Write(error) => error,
                RecordError::Fib(error) => {
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

    fn write_records(&self, mut records: RecordWriter<'_>) -> Result<(), RecordError> {
        for argument in std::iter::once(&self.index).chain(&self.more_indexes) {
            for n in argument.items() {
                records.write(&n.map_err(FibError::Input)?)?;
                if argument.is_interactive() {
                    records.flush()?;
                }
            }
        }
        Ok(())
    }

    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}
