//! `abaci pisano M`: the Pisano period, or residues.

use std::str::FromStr;

use answers::{MAX_MODULUS_DIGITS, PeriodQuestion, ResiduesQuestion};
use clap::Args;
use fibonacci::{IBig, UBig};
use wire::ModulusPeriod;

use super::AnswerError;
use super::answer::{lines, power};
use super::list::{ListArgs, Record};
use crate::cli::indexes::{IndexRange, IndexRangeError, ListArgument};
use crate::cli::number::{BigIndex, NumberArgumentError, within};

/// Print the Pisano period of M: after how many indexes the Fibonacci numbers modulo M repeat; its entry point: the
/// first index above 0 whose number M divides; and the prime factors of M. Or print the residues themselves.
///
/// M is factored for it: in milliseconds up to 10^30, in a few tenths of a second near 2^128.
#[derive(Args, Debug)]
pub(crate) struct PisanoCommand {
    /// Moduli, from 1 to 2^128 − 1; of up to 10,000 digits with --residues. FROM..TO or FROM..TO..STEP is a range with
    /// both ends; `-` reads a modulus or a range from each line of standard input.
    #[arg(value_name = "M", required = true)]
    moduli: Vec<ListArgument<ModulusRange>>,

    /// Print F(N), F(N + 1), … modulo M instead, COUNT residues.
    #[arg(long, value_name = "COUNT", value_parser = within(1_u32..=10_000_000))]
    residues: Option<u32>,

    /// The index of the first residue.
    #[arg(long, value_name = "N", requires = "residues", allow_hyphen_values = true)]
    from: Option<BigIndex>,

    #[command(flatten)]
    list: ListArgs,
}

/// A modulus, or a range of them.
#[derive(Clone, Debug)]
struct ModulusRange(IndexRange);

impl FromStr for ModulusRange {
    type Err = IndexRangeError;

    fn from_str(text: &str) -> Result<Self, IndexRangeError> {
        let range = IndexRange::read(text, MAX_MODULUS_DIGITS)?;
        if range.from() > &IBig::ZERO { Ok(Self(range)) } else { Err(NumberArgumentError::Modulus.into()) }
    }
}

impl IntoIterator for ModulusRange {
    type Item = UBig;
    type IntoIter = Box<dyn Iterator<Item = UBig>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.0.into_iter().map(|m| m.into_parts().1))
    }
}

impl PisanoCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let is_interactive = self.moduli.iter().any(ListArgument::is_interactive);
        let moduli = self.moduli.iter().flat_map(ListArgument::items);
        if let Some(count) = self.residues {
            let from = self.from.map_or(IBig::ZERO, |from| from.get().clone());
            let question = |m| Ok(ResiduesQuestion { m, from: from.clone(), count });
            return self.list.print_each(moduli, is_interactive, question, |answer| {
                let residues = answer.residues.join(" ");
                Record {
                    text: answer.residues.join("\n"),
                    columns: vec![("modulus", answer.modulus), ("residues", residues)],
                }
            });
        }
        let question = |m: UBig| {
            let m = u128::try_from(&m).ok().ok_or_else(|| NumberArgumentError::Range {
                least: "1".to_owned(),
                most: fibonacci::MAX_FACTORED.to_string(),
            })?;
            Ok(PeriodQuestion { m })
        };
        self.list.print_each(moduli, is_interactive, question, record)
    }
}

fn record(period: ModulusPeriod) -> Record {
    let columns = [
        ("modulus", period.modulus),
        ("pisano_period", period.pisano_period),
        ("entry_point", period.entry_point),
        ("zeros", period.zeros.to_string()),
        ("factors", period.factors.iter().map(power).collect::<Vec<_>>().join(" ")),
    ];
    Record { text: lines(columns.clone()), columns: columns.into() }
}
