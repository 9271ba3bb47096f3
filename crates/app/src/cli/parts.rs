//! Parts of a value that are computed without it.

use clap::Args;
use fibonacci::{IBig, UBig};

use super::maths::Answer;
use super::number::{modulus, within};

/// Parts of the value, which are computed without the value. One is printed alone, several a line each.
#[derive(Args, Debug)]
#[command(next_help_heading = "Parts of the value, without computing it")]
pub(super) struct PartArgs {
    /// Print the number of decimal digits of F(N).
    #[arg(long)]
    pub(super) digits: bool,

    /// Print the first K digits (1 to 10,000), without a sign; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = within(1_u16..=10_000))]
    pub(super) first: Option<u16>,

    /// Print the last K digits (1 to 10,000), with leading zeros; all if there are fewer.
    #[arg(long, value_name = "K", value_parser = within(1_u16..=10_000))]
    pub(super) last: Option<u16>,

    /// Print F(N) in scientific notation with K digits (1 to 10,000): cut off, not rounded.
    #[arg(long, value_name = "K", value_parser = within(1_u16..=10_000))]
    scientific: Option<u16>,

    /// Print the exponents of 2, 3 and 5 in F(N).
    #[arg(long)]
    valuations: bool,

    /// Print the digital root of F(N): the sum of its digits, taken again until one digit is left.
    #[arg(long)]
    digital_root: bool,

    /// Print F(N) modulo M, from 0 to M − 1. M has up to 10,000 digits.
    #[arg(long = "mod", value_name = "M", value_parser = modulus)]
    pub(super) modulus: Option<UBig>,
}

impl PartArgs {
    /// Returns whether parts are requested, and not the whole value.
    pub(super) fn are_requested(&self) -> bool {
        self.digits
            || self.first.is_some()
            || self.last.is_some()
            || self.scientific.is_some()
            || self.valuations
            || self.digital_root
            || self.modulus.is_some()
    }

    /// Returns the requested parts of F(n), after the index and the modulus if these are to be named.
    pub(super) fn of(&self, n: &IBig, names_arguments: bool) -> Answer {
        let mut answer = Answer::default();
        if names_arguments {
            answer = answer.with_number("index", n);
        }
        if self.digits {
            answer = answer.with_number("digits", fibonacci::digit_count(n.clone()));
        }
        if let Some(count) = self.first {
            answer = answer.with("first_digits", fibonacci::first_digits(n.clone(), count));
        }
        if let Some(count) = self.last {
            answer = answer.with("last_digits", fibonacci::last_digits(n.clone(), count));
        }
        if let Some(count) = self.scientific {
            answer = answer.with_number("scientific", fibonacci::scientific(n.clone(), count));
        }
        if self.valuations {
            answer = answer
                .with("valuation_of_2", fibonacci::valuation_of_2(n.clone()))
                .with("valuation_of_3", fibonacci::valuation_of_3(n.clone()))
                .with("valuation_of_5", fibonacci::valuation_of_5(n.clone()));
        }
        if self.digital_root {
            answer = answer.with("digital_root", fibonacci::digital_root(n.clone()));
        }
        if let Some(modulus) = &self.modulus {
            if names_arguments {
                answer = answer.with_number("modulus", modulus);
            }
            // The modulus is above 0.
            answer = answer.with_number("residue", fibonacci::modulo(n.clone(), modulus).unwrap_or_default());
        }
        answer
    }
}
