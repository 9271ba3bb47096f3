//! `abaci primality [N]`.

use answers::{Family, PrimalityQuestion, known_primes};
use clap::Args;

use super::AnswerError;
use super::answer::{PrintArgs, lines, print_body, print_question};
use crate::cli::number::BigIndex;

/// Print what is known of whether F(N) is prime, and why; without N, the table of known primes.
#[derive(Args, Debug)]
pub(crate) struct PrimalityCommand {
    /// Index: a whole number, also as 1e6, 10^6 or 2^20+1.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: Option<BigIndex>,

    /// Print it of the Lucas number L(N).
    #[arg(long)]
    lucas: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl PrimalityCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let family = Family::lucas_if(self.lucas);
        let Some(n) = self.n else {
            return print_body(known_primes(family), self.print, |table| {
                let line = |prime: &wire::KnownPrime| match prime.proven {
                    true => format!("{} {}", prime.index, prime.method.name),
                    false => format!("{} (not proven) {}", prime.index, prime.method.name),
                };
                table.primes.iter().map(line).collect::<Vec<_>>().join("\n")
            });
        };
        print_question(&PrimalityQuestion { family, n: n.get().clone() }, self.print, |known| {
            let method = known.method;
            let mut pairs = vec![("primality", known.primality), ("reason", known.reason), ("method", method.name)];
            pairs.extend(method.source.map(|source| ("source", source)));
            pairs.extend(method.pari_gp.map(|command| ("pari_gp", command)));
            lines(pairs)
        })
    }
}
