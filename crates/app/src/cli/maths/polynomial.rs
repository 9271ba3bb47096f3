//! `abaci polynomial N`: Fibonacci and Lucas polynomials.

use answers::{Family, PolynomialQuestion};
use clap::Args;
use fibonacci::MAX_POLYNOMIAL;

use super::AnswerError;
use super::answer::{PrintArgs, print_question};
use crate::cli::number::within;

/// Print the Fibonacci polynomial F(N, x): F(0, x) = 0, F(1, x) = 1 and F(n, x) = x·F(n−1, x) + F(n−2, x).
#[derive(Args, Debug)]
pub(crate) struct PolynomialCommand {
    /// Index, up to 2,000.
    #[arg(value_name = "N", value_parser = within(0..=MAX_POLYNOMIAL))]
    n: u32,

    /// Print the Lucas polynomial L(N, x): L(0, x) = 2, L(1, x) = x.
    #[arg(long)]
    lucas: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl PolynomialCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let question = PolynomialQuestion { family: Family::lucas_if(self.lucas), n: self.n };
        print_question(&question, self.print, |polynomial| sum(&polynomial.coefficients))
    }
}

/// Returns the polynomial as a sum, the highest power first.
fn sum(coefficients: &[String]) -> String {
    let terms = coefficients.iter().enumerate().rev().filter(|(_, coefficient)| *coefficient != "0");
    let terms: Vec<String> = terms.map(|(power, coefficient)| term(coefficient, power)).collect();
    if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") }
}

fn term(coefficient: &str, power: usize) -> String {
    let power = match power {
        0 => return coefficient.to_owned(),
        1 => "x".to_owned(),
        _ => format!("x^{power}"),
    };
    if coefficient == "1" { power } else { format!("{coefficient}*{power}") }
}
