//! `abaci zeckendorf N`: sums of Fibonacci numbers.

use answers::{RepresentationQuestion, SumForm, SumQuestion};
use clap::Args;

use super::AnswerError;
use super::answer::{PrintArgs, print_question, spaced};
use super::input::number_text;
use crate::cli::number::{digits, natural, within};

/// Print the indexes of the Fibonacci numbers that add up to N, no two of them neighbors, the largest first.
///
/// A number of a million digits takes about two seconds.
#[derive(Args, Debug)]
pub(crate) struct ZeckendorfCommand {
    /// Number: digits, also as 1e6, 10^6 or 2^20+1, or `-` to read it from standard input; with --back, indexes instead.
    #[arg(value_name = "N", required = true)]
    n: Vec<String>,

    /// Print the representation with the most numbers, in which no two neighbors are missing.
    #[arg(long, group = "form")]
    dual: bool,

    /// Print the representation by even indexes, each at most twice; up to 20,000 digits.
    #[arg(long, group = "form")]
    even: bool,

    /// Print the number that the indexes given as N stand for.
    #[arg(long, group = "form")]
    back: bool,

    #[command(flatten)]
    print: PrintArgs,
}

/// The most digits of a number in even indexes, for which the time grows with the square.
const MAX_EVEN_DIGITS: usize = 20_000;

/// The largest index of a sum, of a number of two million digits.
const MAX_SUMMED_INDEX: u32 = 10_000_000;

impl ZeckendorfCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        if self.back {
            return self.print_sum();
        }
        let [argument] = <[String; 1]>::try_from(self.n)
            .map_err(|given| AnswerError::Argument(format!("expected one number, got {}", given.len())))?;
        let text = digits(number_text(argument)?)?;
        if self.even && text.len() > MAX_EVEN_DIGITS {
            let allowed = format!("expected up to {MAX_EVEN_DIGITS} digits with --even, got {}", text.len());
            return Err(AnswerError::Argument(allowed));
        }
        let number = natural(&text)?;
        let form = match (self.dual, self.even) {
            (true, _) => SumForm::Dual,
            (_, true) => SumForm::Even,
            _ => SumForm::Zeckendorf,
        };
        print_question(&RepresentationQuestion { number, form }, self.print, |representation| {
            let indexes = representation.zeckendorf.or(representation.dual).or(representation.even);
            spaced(&indexes.unwrap_or_default())
        })
    }

    fn print_sum(self) -> Result<(), AnswerError> {
        let mut indexes: Vec<u32> = Vec::new();
        for argument in self.n {
            for text in number_text(argument)?.split_whitespace() {
                indexes.push(within(0..=MAX_SUMMED_INDEX)(text)?);
            }
        }
        print_question(&SumQuestion { indexes }, self.print, |sum| sum.number)
    }
}
