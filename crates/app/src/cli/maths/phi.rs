//! `abaci phi` and `abaci convergent K`: the golden ratio.

use answers::{ConvergentQuestion, PhiQuestion, Question, RatioQuestion};
use clap::Args;

use super::AnswerError;
use super::answer::{PrintArgs, print_question};
use crate::cli::number::within;

/// Print the golden ratio φ with PLACES decimal places, or F(N+1)/F(N), which tends to it; cut off, not rounded.
#[derive(Args, Debug)]
pub(crate) struct PhiCommand {
    /// Decimal places, up to 1,000,000.
    #[arg(value_name = "PLACES", default_value_t = 50, value_parser = within(0..=u64::MAX))]
    places: u64,

    /// Print F(N+1)/F(N) instead.
    #[arg(long, value_name = "N", value_parser = within(1..=u64::MAX))]
    ratio: Option<u64>,

    #[command(flatten)]
    print: PrintArgs,
}

impl PhiCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        match self.ratio {
            None => print_places(&PhiQuestion { places: self.places }, self.print, |answer| answer.phi),
            Some(n) => print_places(&RatioQuestion { n, places: self.places }, self.print, |answer| answer.ratio),
        }
    }
}

/// Prints the answer. Where it has too many places, says which calculation has them.
fn print_places<Q: Question>(
    question: &Q,
    form: PrintArgs,
    text: impl FnOnce(Q::Answer) -> String,
) -> Result<(), AnswerError> {
    print_question(question, form, text).map_err(|error| match (error, question.calculation()) {
        (AnswerError::Argument(error), Some(subject)) => {
            AnswerError::Argument(format!("{error}; `abaci get '{subject}'` has them"))
        }
        (error, _) => error,
    })
}

/// Print the K-th convergent of φ = [1; 1, 1, 1, …], from 0: F(K+2)/F(K+1).
#[derive(Args, Debug)]
pub(crate) struct ConvergentCommand {
    /// Place of the convergent, up to 65,535.
    #[arg(value_name = "K", value_parser = within(0..=u16::MAX))]
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
