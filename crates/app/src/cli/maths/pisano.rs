//! `abaci pisano M`: the Pisano period, or residues.

use answers::{PeriodQuestion, ResiduesQuestion};
use clap::{Args, value_parser};
use fibonacci::{IBig, UBig};

use super::answer::{lines, power, print_question};
use super::numbers::parse_modulus;
use super::{AnswerError, BigIndex};

/// Print the Pisano period of M: after how many indexes the Fibonacci numbers modulo M repeat; its entry point: the
/// first index above 0 whose number M divides; and the prime factors of M. Or print the residues themselves.
///
/// M is factored for it: at once up to 10^18, in seconds to 10^30, and perhaps in hours near 10^38.
#[derive(Args, Debug)]
pub(crate) struct PisanoCommand {
    /// Modulus, from 1 to 2^128 − 1; of up to 10,000 digits with --residues.
    #[arg(value_name = "M", value_parser = parse_modulus)]
    m: UBig,

    /// Print F(N), F(N + 1), … modulo M instead, COUNT residues.
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u32).range(1..=10_000_000))]
    residues: Option<u32>,

    /// The index of the first residue.
    #[arg(long, value_name = "N", requires = "residues", allow_hyphen_values = true)]
    from: Option<BigIndex>,

    /// Print the JSON object of GET /api/moduli/M, or of /api/moduli/M/residues.
    #[arg(long)]
    json: bool,
}

impl PisanoCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        if let Some(count) = self.residues {
            let from = self.from.map_or(IBig::ZERO, |from| from.get().clone());
            let question = ResiduesQuestion { m: self.m, from, count };
            return print_question(&question, self.json, |answer| answer.residues.join("\n"));
        }
        let m = u128::try_from(&self.m);
        let m = m.map_err(|_| AnswerError::Argument(format!("expected a modulus from 1 to {}", u128::MAX)))?;
        print_question(&PeriodQuestion { m }, self.json, |period| {
            lines([
                ("modulus", period.modulus),
                ("pisano_period", period.pisano_period),
                ("entry_point", period.entry_point),
                ("zeros", period.zeros.to_string()),
                ("factors", period.factors.iter().map(power).collect::<Vec<_>>().join(" ")),
            ])
        })
    }
}
