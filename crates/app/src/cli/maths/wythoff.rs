//! `abaci wythoff N` and `abaci golden-string N`.

use answers::{GoldenStringQuestion, WythoffQuestion};
use clap::Args;
use fibonacci::UBig;

use super::AnswerError;
use super::answer::{PrintArgs, print_question, spaced};
use crate::cli::number::{natural, within};

/// Print the N-th Wythoff pair: ⌊N·φ⌋ and ⌊N·φ²⌋. All whole numbers above 0 stand in one pair each.
#[derive(Args, Debug)]
pub(crate) struct WythoffCommand {
    /// The place of the pair: a whole number, also as 1e6 or 10^6.
    #[arg(value_name = "N", value_parser = natural)]
    n: UBig,

    #[command(flatten)]
    print: PrintArgs,
}

impl WythoffCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        print_question(&WythoffQuestion { n: self.n }, self.print, |pair| spaced(&[pair.lower, pair.upper]))
    }
}

/// Print characters of the golden string 0100101001001…, in which each 0 becomes 01 and each 1 becomes 0 without
/// changing it.
#[derive(Args, Debug)]
pub(crate) struct GoldenStringCommand {
    /// The first position, from 0: a whole number, also as 1e6 or 10^6.
    #[arg(value_name = "N", default_value = "0", value_parser = natural)]
    n: UBig,

    /// The number of characters.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = within(1_u32..=10_000_000))]
    count: u32,

    #[command(flatten)]
    print: PrintArgs,
}

impl GoldenStringCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        print_question(&GoldenStringQuestion { n: self.n, count: self.count }, self.print, |answer| answer.characters)
    }
}
