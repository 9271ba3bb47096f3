//! Computes and writes one index after the other.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use fibonacci::{Control, IBig};
use model::Index;

use super::FibError;
use super::format::Format;
use super::progress::ProgressIndicator;
use crate::cli::output::ValueOutput;
use crate::cli::parts::PartArgs;
use crate::cli::terminal::TerminalGuard;
use crate::host::memory;

/// Writes a record for each index: its value, or the requested parts.
pub(super) struct RecordWriter<'a> {
    to: &'a mut dyn Write,
    format: Format,
    parts: &'a PartArgs,
    output: &'a ValueOutput,
    terminal: TerminalGuard,
    threads: usize,
    /// `None` where the system does not report it.
    available_bytes: Option<u64>,
    is_first: bool,
}

/// Error for a record that was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// The output refused a write.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// There is nothing to write.
    #[error(transparent)]
    Fib(#[from] FibError),
}

impl<'a> RecordWriter<'a> {
    /// Returns a writer of records to `to`, which is where `output` writes.
    pub(super) fn new(
        to: &'a mut dyn Write,
        format: Format,
        parts: &'a PartArgs,
        output: &'a ValueOutput,
        fills_terminal: bool,
    ) -> Self {
        let terminal = match output {
            ValueOutput::Stdout => TerminalGuard::of_stdout(fills_terminal),
            ValueOutput::File(_) => TerminalGuard::none(),
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let available_bytes = memory::available_bytes();
        Self { to, format, parts, output, terminal, threads, available_bytes, is_first: true }
    }

    /// Writes the record of n.
    pub(super) fn write(&mut self, n: &IBig) -> Result<(), RecordError> {
        if self.parts.are_requested() {
            let names_arguments = matches!(self.format, Format::Csv | Format::Json);
            let parts = self.parts.of(n, names_arguments);
            self.format.write_parts(self.to, parts, self.is_first)?;
        } else {
            self.write_value(n)?;
        }
        self.is_first = false;
        Ok(())
    }

    /// Passes on what is written so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn write_value(&mut self, n: &IBig) -> Result<(), RecordError> {
        let Ok(index) = i64::try_from(n) else {
            let digits = shortened(&fibonacci::digit_count(n.clone()).into());
            let index = n.to_string();
            let index = if index.len() <= 40 { index } else { "N".to_owned() };
            return Err(FibError::TooLarge { index, digits }.into());
        };
        let estimate = fibonacci::estimate(index);
        if let Some(available_bytes) = self.available_bytes
            && estimate.memory_bytes > available_bytes
        {
            let needed_bytes = estimate.memory_bytes;
            return Err(FibError::Memory { index, digits: estimate.digits, needed_bytes, available_bytes }.into());
        }
        self.output.check_free_space(estimate.digits).map_err(FibError::Output)?;
        self.terminal.allow(&Index::new(index).into(), estimate.digits).map_err(FibError::Terminal)?;
        let progress = ProgressIndicator::start(&estimate);
        let report = |fraction| progress.set(fraction);
        let control = Control { progress: &report, cancelled: &AtomicBool::new(false), threads: &|| self.threads };
        let value = fibonacci::nth_with(index, &control).map_err(FibError::Compute)?;
        progress.clear();
        Ok(self.format.write_value(self.to, index, estimate.digits, &value, self.is_first)?)
    }
}

/// Returns the number in full, as a power of ten, or rounded down with "about" if it is long.
fn shortened(number: &IBig) -> String {
    let digits = number.to_string();
    let exponent = digits.len() - 1;
    match digits.trim_end_matches('0') {
        _ if digits.len() <= 20 => digits,
        "1" => format!("10^{exponent}"),
        _ => format!("about {}.{}·10^{exponent}", &digits[..1], &digits[1..3]),
    }
}
