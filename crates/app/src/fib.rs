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
use crate::memory;
use crate::signals::StopSignals;

use output::{Output, OutputError};
use progress::Progress;

/// Prints F(N), the N-th Fibonacci number with F(0) = 0 and F(1) = 1: its exact decimal digits and a
/// newline on standard output, and nothing else.
///
/// A bar on standard error shows how far it is, if that is a terminal and the work takes over a second.
/// A reader that closes early (`abaci fib 1e9 | head -c 10`) ends it quietly with 0.
#[derive(Args, Debug)]
pub(crate) struct Fib {
    /// The index: a whole number within 64 bits, also as 1e6, 10^6, 2^20+1 or "1 000 000"; below zero
    /// F(−n) = ±F(n).
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: Expression,

    /// Writes to FILE, which appears whole or not at all; a file that is there keeps its content until then.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    part: Part,
}

/// What is wanted of a value that need not be computed for it; at most one of these.
#[derive(Args, Debug)]
#[group(multiple = false)]
#[command(next_help_heading = "At once, at any index")]
struct Part {
    /// F(N) modulo M, from 0 to M − 1.
    #[arg(long = "mod", value_name = "M", value_parser = modulus)]
    modulus: Option<NonZeroU64>,

    /// The number of decimal digits of F(N), without a sign.
    #[arg(long)]
    digits: bool,

    /// The first K digits (1 to 50), without a sign; all, if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u8).range(1..=50))]
    first: Option<u8>,

    /// The last K digits (1 to 50), zeros in front included; all, if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u8).range(1..=50))]
    last: Option<u8>,
}

/// Why F(N) was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FibError {
    /// The file cannot be written to, as could be seen before anything was computed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// It does not fit: ask for a smaller index, or on a larger machine.
    #[error(
        "F({index}) has {digits} digits and needs about {} of memory, of which {} are available",
        ByteSize(*needed_bytes), ByteSize(*available_bytes)
    )]
    Memory {
        /// N.
        index: i64,
        /// The digits of F(N).
        digits: u64,
        /// What the computation would take.
        needed_bytes: u64,
        /// What there is.
        available_bytes: u64,
    },
    /// The computation gave no value.
    #[error(transparent)]
    Compute(#[from] fibonacci::Error),
    /// A thread or a signal could not be had from the system.
    #[error("the computation could not be begun")]
    Begin(#[source] io::Error),
    /// The computing thread panicked. A bug.
    #[error("the computation broke off; nothing was written")]
    Broken,
}

impl FibError {
    /// Whether other arguments are wanted, rather than another attempt.
    pub(crate) fn is_wrong_argument(&self) -> bool {
        matches!(self, Self::Output(OutputError::NoFile { .. }))
    }
}

impl Fib {
    /// Computes and prints. Does not return if interrupted: the process ends at once, and no file is left.
    pub(crate) fn run(self) -> Result<(), FibError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(FibError::Begin)?;
        let output = Arc::new(Output::open(self.output.as_deref())?);
        let (finished, result) = tokio::sync::oneshot::channel();
        runtime.block_on(async {
            let mut signals = StopSignals::listen().map_err(FibError::Begin)?;
            let writer = Arc::clone(&output);
            std::thread::Builder::new()
                .name("fib".to_owned())
                // The receiver is only gone when the process is about to end.
                .spawn(move || _ = finished.send(self.print(&writer)))
                .map_err(FibError::Begin)?;
            tokio::select! {
                result = result => result.unwrap_or(Err(FibError::Broken)),
                code = signals.next() => output.abandon(code),
            }
        })
    }

    fn print(&self, output: &Output) -> Result<(), FibError> {
        let index = self.n.index().get();
        if let Some(answer) = self.part.answer(index) {
            return Ok(output.write(|to| to.write_all(answer.as_bytes()))?);
        }
        let estimate = fibonacci::estimate(index);
        if let Some(available_bytes) = memory::available_bytes()
            && estimate.memory_bytes > available_bytes
        {
            let needed_bytes = estimate.memory_bytes;
            return Err(FibError::Memory { index, digits: estimate.digits, needed_bytes, available_bytes });
        }
        output.expect_room(estimate.digits)?;
        let progress = Progress::begin(&estimate);
        let report = |fraction| progress.set(fraction);
        let value = fibonacci::nth_with(index, &Control { progress: &report, cancelled: &AtomicBool::new(false) })?;
        progress.end();
        Ok(output.write(|to| value.write_to(to))?)
    }
}

/// A text that is no modulus.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a whole number from 1 to {} is wanted", u64::MAX)]
struct ModulusError;

fn modulus(text: &str) -> Result<NonZeroU64, ModulusError> {
    text.parse().map_err(|_| ModulusError)
}

impl Part {
    /// The answer, if it is a part of the value that is wanted.
    fn answer(&self, index: i64) -> Option<String> {
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
