use clap::Args;
use serde_json::{Value, json};

use super::{Answer, AnswerError, print_answer};

/// Print the Pisano period of M: after how many indexes the Fibonacci numbers modulo M repeat; its entry point: the
/// first index above 0 whose number M divides; and the prime factors of M.
///
/// M is factored for it: at once up to 10^18, in seconds to 10^30, and perhaps in hours near 10^38.
#[derive(Args, Debug)]
pub(crate) struct PisanoCommand {
    /// Modulus, from 1 to 2^128 − 1.
    #[arg(value_name = "M", value_parser = clap::value_parser!(Modulus))]
    m: Modulus,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

/// A modulus that can be factored.
#[derive(Clone, Copy, Debug)]
struct Modulus(u128);

/// Error for a text that is not such a modulus.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected a whole number from 1 to {}", u128::MAX)]
struct ModulusError;

impl std::str::FromStr for Modulus {
    type Err = ModulusError;

    fn from_str(text: &str) -> Result<Self, ModulusError> {
        text.parse().ok().filter(|&m| m > 0).map(Self).ok_or(ModulusError)
    }
}

impl PisanoCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let Some(period) = fibonacci::period(self.m.0) else {
            return Err(AnswerError::Argument(ModulusError.to_string()));
        };
        let factors: Value = if self.json {
            let factor = |(prime, exponent): &(u128, u32)| json!({"prime": prime.to_string(), "exponent": exponent});
            period.factors.iter().map(factor).collect()
        } else {
            let power = |(prime, exponent): &(u128, u32)| match exponent {
                1 => prime.to_string(),
                _ => format!("{prime}^{exponent}"),
            };
            period.factors.iter().map(power).collect()
        };
        let answer = Answer::default()
            .with_number("modulus", period.modulus)
            .with_number("pisano_period", &period.pisano_period)
            .with_number("entry_point", &period.entry_point)
            .with("zeros", period.zeros)
            .with("factors", factors);
        print_answer(answer, self.json)
    }
}
