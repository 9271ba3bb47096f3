use clap::Args;
use fibonacci::{IBig, LucasParameters, UBig};

use super::numbers::{parse_integer, parse_modulus};
use super::{Answer, AnswerError, BigIndex, print_answer};

/// Print L(N), the N-th Lucas number with L(0) = 2 and L(1) = 1, or a number of a related sequence.
///
/// Values have up to 30 million digits; with --mod, N has up to 1,001.
#[derive(Args, Debug)]
pub(crate) struct LucasCommand {
    /// Index: a whole number, also as 1e6, 10^6 or 2^20+1. A negative index is allowed where its value is whole.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: BigIndex,

    /// Print U(N) of the Lucas sequence with x(n) = P·x(n−1) − Q·x(n−2), U(0) = 0, U(1) = 1.
    #[arg(long, value_names = ["P", "Q"], num_args = 2, allow_hyphen_values = true, value_parser = parse_integer,
        group = "sequence")]
    u: Option<Vec<IBig>>,

    /// Print V(N) of the Lucas sequence with x(n) = P·x(n−1) − Q·x(n−2), V(0) = 2, V(1) = P.
    #[arg(long, value_names = ["P", "Q"], num_args = 2, allow_hyphen_values = true, value_parser = parse_integer,
        group = "sequence")]
    v: Option<Vec<IBig>>,

    /// Print G(N) with G(0) = A, G(1) = B and G(n) = G(n−1) + G(n−2).
    #[arg(long, value_names = ["A", "B"], num_args = 2, allow_hyphen_values = true, value_parser = parse_integer,
        group = "sequence")]
    seeds: Option<Vec<IBig>>,

    /// Print the N-th number of the sequence in which each is the sum of the K before (2 to 64), after K − 1 zeros
    /// and a 1.
    #[arg(long, value_name = "K", group = "sequence")]
    order: Option<u32>,

    /// Print the residue modulo M, from 0 to M − 1.
    #[arg(long = "mod", value_name = "M", value_parser = parse_modulus)]
    modulus: Option<UBig>,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

impl LucasCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let (subject, value) = self.value()?;
        let answer = Answer::default();
        let answer = if self.json { answer.with("subject", subject) } else { answer };
        let answer = match &self.modulus {
            Some(modulus) if self.json => answer.with_number("modulus", modulus).with("residue", value),
            _ => answer.with("value", value),
        };
        print_answer(answer, self.json)
    }

    /// Returns the canonical name of what is computed, and its value or residue.
    fn value(&self) -> Result<(String, String), AnswerError> {
        let n = self.n.get().clone();
        let pair = |[p, q]: &[IBig; 2]| LucasParameters { p: p.clone(), q: q.clone() };
        let two = |numbers: &Option<Vec<IBig>>| numbers.clone().and_then(|numbers| <[IBig; 2]>::try_from(numbers).ok());
        let modulus = self.modulus.as_ref();
        let text = |value: Result<IBig, _>| value.map(|value| value.to_string());
        let residue = |value: Result<UBig, _>| value.map(|value| value.to_string());
        Ok(if let Some(numbers) = two(&self.u) {
            let value = match modulus {
                None => text(fibonacci::lucas_u(&pair(&numbers), n.clone())),
                Some(m) => residue(fibonacci::lucas_u_modulo(&pair(&numbers), n.clone(), m)),
            };
            (format!("U({},{},{n})", numbers[0], numbers[1]), value?)
        } else if let Some(numbers) = two(&self.v) {
            let value = match modulus {
                None => text(fibonacci::lucas_v(&pair(&numbers), n.clone())),
                Some(m) => residue(fibonacci::lucas_v_modulo(&pair(&numbers), n.clone(), m)),
            };
            (format!("V({},{},{n})", numbers[0], numbers[1]), value?)
        } else if let Some([a, b]) = two(&self.seeds) {
            let value = match modulus {
                None => text(fibonacci::seeded(&a, &b, n.clone())),
                Some(m) => residue(fibonacci::seeded_modulo(&a, &b, n.clone(), m)),
            };
            (format!("G({a},{b},{n})"), value?)
        } else if let Some(k) = self.order {
            let value = match modulus {
                None => text(fibonacci::kbonacci(k, n.clone())),
                Some(m) => residue(fibonacci::kbonacci_modulo(k, n.clone(), m)),
            };
            (format!("T({k},{n})"), value?)
        } else {
            let value = match modulus {
                None => text(fibonacci::lucas(n.clone())),
                Some(m) => residue(fibonacci::lucas_modulo(n.clone(), m)),
            };
            (format!("L({n})"), value?)
        })
    }
}
