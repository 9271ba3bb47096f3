//! The calculator: `abaci fib N`.

mod output;
mod progress;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, value_parser};
use fibonacci::{Control, UBig};

use crate::cli::maths::{Answer, BigIndex, parse_modulus};
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
    /// Index: a whole number within 64 bits, also as 1e6, 10^6, 2^20+1 or "1 000 000"; for parts up to 10^1000. A
    /// negative index is allowed: F(−n) = (−1)ⁿ⁺¹·F(n).
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: BigIndex,

    /// Write to FILE instead of standard output (`-`). The file is replaced only once it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print a JSON object with the value, or with the parts.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    parts: PartArgs,
}

/// Parts of the value, which are computed without the value. One is printed alone, several a line each.
#[derive(Args, Debug)]
#[command(next_help_heading = "Parts of the value, without computing it")]
struct PartArgs {
    /// Print the number of decimal digits of F(N).
    #[arg(long)]
    digits: bool,

    /// Print the first K digits (1 to 10,000), without a sign; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u16).range(1..=10_000))]
    first: Option<u16>,

    /// Print the last K digits (1 to 10,000), with leading zeros; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = value_parser!(u16).range(1..=10_000))]
    last: Option<u16>,

    /// Print F(N) modulo M, from 0 to M − 1. M has up to 10,000 digits.
    #[arg(long = "mod", value_name = "M", value_parser = parse_modulus)]
    modulus: Option<UBig>,
}

/// Error for a value that was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FibError {
    /// The output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
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
    #[error("F(N) has {} digits, too many to compute; --digits, --first, --last and --mod work for this N", digits)]
    TooLarge {
        /// The number of digits of F(N), or about how many.
        digits: String,
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
        matches!(self, Self::TooLarge { .. } | Self::Output(OutputError::NotAFile { .. }))
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
        if let Some(parts) = self.parts.answer(&self.n, self.json) {
            return Ok(output.write(|to| to.write_all(parts.render(self.json).as_bytes()))?);
        }
        let Some(index) = self.n.word() else {
            return Err(FibError::TooLarge { digits: shortened(&fibonacci::digit_count(self.n.get().clone())) });
        };
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
        Ok(output.write(|to| {
            if !self.json {
                return value.write_to(to);
            }
            // Digits need no escape, so the value is written as it is computed.
            write!(to, r#"{{"index":"{index}","digits":"{}","value":""#, estimate.digits)?;
            value.write_to(&mut *to)?;
            to.write_all(br#""}"#)
        })?)
    }
}

/// Returns the number, or its leading digits and the power of ten if it is long.
fn shortened(number: &UBig) -> String {
    let digits = number.to_string();
    if digits.len() <= 20 {
        digits
    } else {
        format!("about {}.{}·10^{}", &digits[..1], &digits[1..3], digits.len() - 1)
    }
}

impl PartArgs {
    /// Returns the requested parts, or `None` if the whole value is requested.
    fn answer(&self, n: &BigIndex, as_json: bool) -> Option<Answer> {
        let index = || n.get().clone();
        if !self.digits && self.first.is_none() && self.last.is_none() && self.modulus.is_none() {
            return None;
        }
        let mut answer = Answer::default();
        if as_json {
            answer = answer.with_number("index", n.get());
        }
        if self.digits {
            answer = answer.with_number("digits", fibonacci::digit_count(index()));
        }
        if let Some(count) = self.first {
            answer = answer.with("first_digits", fibonacci::first_digits(index(), count));
        }
        if let Some(count) = self.last {
            answer = answer.with("last_digits", fibonacci::last_digits(index(), count));
        }
        if let Some(modulus) = &self.modulus {
            if as_json {
                answer = answer.with_number("modulus", modulus);
            }
            // The modulus is above 0.
            answer = answer.with_number("residue", fibonacci::modulo(index(), modulus).unwrap_or_default());
        }
        Some(answer)
    }
}
