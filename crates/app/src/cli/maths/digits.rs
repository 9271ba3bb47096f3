//! `abaci digits N`: the count of each digit of F(N).

use answers::DigitsQuestion;
use clap::Args;

use super::AnswerError;
use super::answer::{PrintArgs, lines, print_question, spaced};
use crate::cli::number::BigIndex;

/// Print how often each digit occurs in F(N), the sum of the digits, and the digital root.
#[derive(Args, Debug)]
pub(crate) struct DigitsCommand {
    /// Index: a whole number, also as 1e6, 10^6 or 2^20+1.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: BigIndex,

    #[command(flatten)]
    print: PrintArgs,
}

impl DigitsCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let largest = fibonacci::MAX_INDEX;
        let n = self.n.word().filter(|n| n.unsigned_abs() <= largest);
        let n = n.ok_or_else(|| AnswerError::Argument(format!("expected an index from -{largest} to {largest}")))?;
        print_question(&DigitsQuestion { n }, self.print, |found| {
            lines([
                ("digits", found.digits.to_string()),
                ("counts", spaced(&found.counts)),
                ("sum", found.sum.to_string()),
                ("digital_root", found.digital_root.to_string()),
            ])
        })
    }
}
