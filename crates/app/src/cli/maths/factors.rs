//! `abaci factors N` and `abaci divisors N`.

use answers::{DivisorsQuestion, FactorsQuestion, Family};
use clap::Args;
use fibonacci::{MAX_FACTOR_INDEX, MAX_FACTORED};
use wire::FactorPart;

use super::AnswerError;
use super::answer::{PrintArgs, power, print_question, spaced};
use crate::cli::number::within;

/// Print the algebraic factors of F(N): the primitive part of F(d) for each divisor d of N, with its prime factors if
/// it is small. Their product is F(N).
#[derive(Args, Debug)]
pub(crate) struct FactorsCommand {
    /// Index, up to 100,000; up to 50,000 for Lucas numbers.
    #[arg(value_name = "N", value_parser = within(1..=MAX_FACTOR_INDEX))]
    n: u32,

    /// Print the factors of the Lucas number L(N); for odd multiples of 5 also the Aurifeuillian factors.
    #[arg(long)]
    lucas: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl FactorsCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let question = FactorsQuestion { family: Family::lucas_if(self.lucas), n: self.n };
        print_question(&question, self.print, |factors| {
            let mut lines: Vec<String> = factors.parts.iter().map(part).collect();
            lines.extend(factors.aurifeuillian.map(|pair| format!("aurifeuillian: {}", spaced(&pair))));
            lines.join("\n")
        })
    }
}

fn part(part: &FactorPart) -> String {
    let FactorPart { divisor, value, factors } = part;
    match factors.as_deref() {
        None => format!("{divisor}: {value} (not factored)"),
        Some([]) => format!("{divisor}: {value}"),
        Some([factor]) if factor.exponent == 1 => format!("{divisor}: {value} (prime)"),
        Some(factors) => format!("{divisor}: {value} = {}", factors.iter().map(power).collect::<Vec<_>>().join(" ")),
    }
}

/// Print the divisors d of N, for which F(d) divides F(N).
#[derive(Args, Debug)]
pub(crate) struct DivisorsCommand {
    /// Number, from 1 to 2^128 − 1.
    #[arg(value_name = "N", value_parser = within(1..=MAX_FACTORED))]
    n: u128,

    #[command(flatten)]
    print: PrintArgs,
}

impl DivisorsCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        print_question(&DivisorsQuestion { n: self.n }, self.print, |answer| spaced(&answer.divisors))
    }
}
