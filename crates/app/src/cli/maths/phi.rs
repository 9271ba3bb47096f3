//! `abaci phi` and `abaci convergent K`: the golden ratio.

use answers::{ConvergentQuestion, PhiQuestion, RatioQuestion};
use clap::{Args, value_parser};
use fibonacci::MAX_PHI_DIGITS;

use super::AnswerError;
use super::answer::{PrintArgs, print_question};

/// Print the golden ratio φ with PLACES decimal places, or F(N+1)/F(N), which tends to it; cut off, not rounded.
#[derive(Args, Debug)]
pub(crate) struct PhiCommand {
    /// Decimal places, up to 1,000,000.
    #[arg(value_name = "PLACES", default_value_t = 50, value_parser = value_parser!(u32).range(..=i64::from(MAX_PHI_DIGITS)))]
    places: u32,

    /// Print F(N+1)/F(N) instead.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    ratio: Option<u64>,

    #[command(flatten)]
    print: PrintArgs,
}

impl PhiCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        match self.ratio {
            None => print_question(&PhiQuestion { places: self.places }, self.print, |answer| answer.phi),
            Some(n) => print_question(&RatioQuestion { n, places: self.places }, self.print, |answer| answer.ratio),
        }
    }
}

/// Print the K-th convergent of φ = [1; 1, 1, 1, …], from 0: F(K+2)/F(K+1).
#[derive(Args, Debug)]
pub(crate) struct ConvergentCommand {
    /// Place of the convergent, up to 65,535.
    #[arg(value_name = "K")]
    k: u16,

    #[command(flatten)]
    print: PrintArgs,
}

impl ConvergentCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        print_question(&ConvergentQuestion { k: self.k }, self.print, |convergent| {
            format!("{}/{}", convergent.numerator, convergent.denominator)
        })
    }
}
