//! `abaci is-fibonacci N`.

use answers::{Question, RecognitionQuestion};
use clap::Args;

use super::AnswerError;
use super::answer::{PrintArgs, lines, print_body};
use super::input::number_text;
use crate::cli::number::digits;

/// Print which Fibonacci number N is, whether it is a Lucas number, and the Fibonacci numbers next to it.
///
/// The exit code is 1 if N is not a Fibonacci number. Numbers of millions of digits take seconds.
#[derive(Args, Debug)]
pub(crate) struct IsFibonacciCommand {
    /// Number: digits, also as 1e6, 10^6 or 2^20+1, or `-` to read it from standard input.
    #[arg(value_name = "N")]
    n: String,

    #[command(flatten)]
    print: PrintArgs,
}

impl IsFibonacciCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let found = RecognitionQuestion { number: digits(number_text(self.n)?)? }.answer()?;
        let is_fibonacci = found.index.is_some();
        let optional = |index: Option<String>| index.unwrap_or_else(|| "none".to_owned());
        print_body(found, self.print, |found| {
            lines([
                ("index", optional(found.index)),
                ("lucas_index", optional(found.lucas_index)),
                ("below", found.below),
                ("above", found.above),
                ("nearest", found.nearest.join(" ")),
            ])
        })?;
        if is_fibonacci { Ok(()) } else { Err(AnswerError::No("not a Fibonacci number".to_owned())) }
    }
}
