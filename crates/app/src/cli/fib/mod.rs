//! The calculator: `abaci fib N`.

mod output;
mod progress;

use std::io;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, value_parser};
use fibonacci::Control;
use model::Expression;

use crate::config::ByteSize;
use crate::host::memory;
use crate::process::signals::StopSignals;

use output::{OutputError, ValueOutput};
use progress::ProgressIndicator;

/// Print F(N), the N-th Fibonacci number with F(0) = 0 and F(1) = 1: its exact decimal digits and a
/// newline on standard output, and nothing else.
///
/// If standard error is a terminal, a progress bar is shown for work above a second.
/// A reader that closes early (`abaci fib 1e9 | head -c 10`) is not an error.
#[derive(Args, Debug)]
pub(crate) struct FibCommand {
    /// Index: a whole number within 64 bits, also as 1e6, 10^6, 2^20+1 or "1 000 000". A negative index is
    /// allowed: F(−n) = (−1)ⁿ⁺¹·F(n).
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: Expression,

    /// Write to FILE instead of standard output (`-`). The file is replaced only once it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    part: PartArgs,
}

/// A part of the value, which is computed without the value; at most one.
#[derive(Args, Debug)]
#[group(multiple = false)]
#[command(next_help_heading = "Parts of the value, instant at any index")]
struct PartArgs {
    /// Print F(N) modulo M, from 0 to M − 1.
    #[arg(long = "mod", value_name = "M", value_parser = modulus)]
    modulus: Option<NonZeroU64>,

    /// Print the number of decimal digits of F(N).
    #[arg(long)]
    digits: bool,

    /// Print the first K digits (1 to 50), without a sign; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u8).range(1..=50))]
    first: Option<u8>,

    /// Print the last K digits (1 to 50), with leading zeros; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u8).range(1..=50))]
    last: Option<u8>,
}

/// Error for a value that was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FibError {
    /// The output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Not enough memory: use a smaller index or a larger machine.
    #[error(
        "F({index}) has {digits} digits and needs about {} of memory, but only {} are available",
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
    /// The computation failed.
    #[error(transparent)]
    Compute(#[from] fibonacci::Error),
    /// The system refused a thread or a signal handler.
    #[error("cannot start the computation")]
    Start(#[source] io::Error),
    /// The computing thread panicked. A bug.
    #[error("the computation panicked; nothing was written")]
    Panicked,
}

impl FibError {
    /// Returns whether an argument must be changed.
    pub(crate) fn is_wrong_argument(&self) -> bool {
        matches!(self, Self::Output(OutputError::NotAFile { .. }))
    }
}

impl FibCommand {
    /// Computes and prints. Does not return after a signal: the process ends, and no part file is left.
    pub(crate) fn run(self) -> Result<(), FibError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(FibError::Start)?;
        let output = Arc::new(ValueOutput::open(self.output.as_deref())?);
        let (finished, result) = tokio::sync::oneshot::channel();
        runtime.block_on(async {
            let mut signals = StopSignals::listen_to_all().map_err(FibError::Start)?;
            let writer = Arc::clone(&output);
            std::thread::Builder::new()
                .name("fib".to_owned())
                // The receiver is only dropped when the process is about to end.
                .spawn(move || _ = finished.send(self.print(&writer)))
                .map_err(FibError::Start)?;
            tokio::select! {
                result = result => result.unwrap_or(Err(FibError::Panicked)),
                code = signals.next() => output.abort(code),
            }
        })
    }

    fn print(&self, output: &ValueOutput) -> Result<(), FibError> {
        let index = self.n.index().get();
        if let Some(text) = self.part.text(index) {
            return Ok(output.write(|to| to.write_all(text.as_bytes()))?);
        }
        let estimate = fibonacci::estimate(index);
        if let Some(available_bytes) = memory::available_bytes()
            && estimate.memory_bytes > available_bytes
        {
            let needed_bytes = estimate.memory_bytes;
            return Err(FibError::Memory { index, digits: estimate.digits, needed_bytes, available_bytes });
        }
        output.check_free_space(estimate.digits)?;
        let progress = ProgressIndicator::start(&estimate);
        let report = |fraction| progress.set(fraction);
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let control = Control { progress: &report, cancelled: &AtomicBool::new(false), threads: &|| threads };
        let value = fibonacci::nth_with(index, &control)?;
        progress.clear();
        Ok(output.write(|to| value.write_to(to))?)
    }
}

/// Error for a text that is not a modulus.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected a whole number from 1 to {}", u64::MAX)]
struct ModulusError;

fn modulus(text: &str) -> Result<NonZeroU64, ModulusError> {
    text.parse().map_err(|_| ModulusError)
}

impl PartArgs {
    /// Returns the requested part, or `None` if the whole value is requested.
    fn text(&self, index: i64) -> Option<String> {
        if let Some(modulus) = self.modulus {
            fibonacci::modulo(index, &modulus.get().into()).map(|residue| residue.to_string())
        } else if let Some(count) = self.first {
            Some(fibonacci::first_digits(index, count.into()))
        } else if let Some(count) = self.last {
            Some(fibonacci::last_digits(index, count.into()))
        } else {
            self.digits.then(|| fibonacci::digit_count(index).to_string())
        }
    }
}
