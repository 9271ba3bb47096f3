//! `abaci lucas N`: Lucas numbers and related sequences.

use answers::{Sequence, SequenceQuestion};
use clap::Args;
use fibonacci::{IBig, LucasParameters, MAX_ORDER, SequenceError, UBig};
use wire::SequenceTerm;

use super::AnswerError;
use super::list::{ListArgs, Record};
use crate::cli::indexes::{IndexArgument, ListArgument};
use crate::cli::number::{integer, modulus, within};

/// Print L(N), the N-th Lucas number with L(0) = 2 and L(1) = 1, or a number of a related sequence.
///
/// Values have up to 30 million digits; with --mod, N has up to 1,001.
#[derive(Args, Debug)]
pub(crate) struct LucasCommand {
    /// Index: a whole number, also as 1e6, 10^6 or 2^20+1. A negative index is allowed where its value is whole.
    /// FROM..TO or FROM..TO..STEP is a range with both ends; `-` reads an index or a range from each line of standard
    /// input.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    index: IndexArgument,

    /// More of them.
    // As with `abaci fib`.
    #[arg(value_name = "N", allow_negative_numbers = true)]
    more_indexes: Vec<IndexArgument>,

    /// Print U(N) of the Lucas sequence with x(n) = P·x(n−1) − Q·x(n−2), U(0) = 0, U(1) = 1.
    #[arg(long, value_names = ["P", "Q"], num_args = 2, allow_hyphen_values = true, value_parser = integer,
        group = "sequence")]
    u: Option<Vec<IBig>>,

    /// Print V(N) of the Lucas sequence with x(n) = P·x(n−1) − Q·x(n−2), V(0) = 2, V(1) = P.
    #[arg(long, value_names = ["P", "Q"], num_args = 2, allow_hyphen_values = true, value_parser = integer,
        group = "sequence")]
    v: Option<Vec<IBig>>,

    /// Print G(N) with G(0) = A, G(1) = B and G(n) = G(n−1) + G(n−2).
    #[arg(long, value_names = ["A", "B"], num_args = 2, allow_hyphen_values = true, value_parser = integer,
        group = "sequence")]
    seeds: Option<Vec<IBig>>,

    /// Print the N-th number of the sequence in which each is the sum of the K before (2 to 64), after K − 1 zeros
    /// and a 1.
    #[arg(long, value_name = "K", value_parser = within(2..=MAX_ORDER), group = "sequence")]
    order: Option<u32>,

    /// Print the residue modulo M, from 0 to M − 1.
    #[arg(long = "mod", value_name = "M", value_parser = modulus)]
    modulus: Option<UBig>,

    #[command(flatten)]
    list: ListArgs,
}

impl LucasCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let sequence = sequence(self.u, self.v, self.seeds, self.order);
        let question = |n: IBig| Ok(SequenceQuestion { sequence: sequence.clone(), n, modulus: self.modulus.clone() });
        let record = |term: SequenceTerm| {
            let value = term.value.or(term.residue).unwrap_or_default();
            Record { text: value.clone(), columns: vec![("index", term.index), ("value", value)] }
        };
        let arguments: Vec<IndexArgument> = std::iter::once(self.index).chain(self.more_indexes).collect();
        let is_interactive = arguments.iter().any(ListArgument::is_interactive);
        let indexes = arguments.iter().flat_map(ListArgument::items);
        self.list.print_each(indexes, is_interactive, question, record).map_err(|error| match error {
            AnswerError::Sequence(error @ SequenceError::TooLarge) => AnswerError::Argument(format!(
                "{error}; --mod M works for this N, and `abaci get` has larger values, such as that of 'L(1e9)'"
            )),
            error => error,
        })
    }
}

fn sequence(u: Option<Vec<IBig>>, v: Option<Vec<IBig>>, seeds: Option<Vec<IBig>>, order: Option<u32>) -> Sequence {
    // clap takes exactly two numbers for each of these, and at most one of them.
    let two = |numbers: Option<Vec<IBig>>| numbers.and_then(|numbers| <[IBig; 2]>::try_from(numbers).ok());
    if let Some([p, q]) = two(u) {
        Sequence::U(LucasParameters { p, q })
    } else if let Some([p, q]) = two(v) {
        Sequence::V(LucasParameters { p, q })
    } else if let Some([a, b]) = two(seeds) {
        Sequence::Seeded { a, b }
    } else {
        order.map_or(Sequence::Lucas, |k| Sequence::Kbonacci { k })
    }
}
