//! Residues of the value of a calculation, computed without the value.

use std::num::NonZero;

use fibonacci::{IBig, LucasParameters, UBig};
use model::{Index, Subject};
use wire::ValueResidue;

use crate::{Family, Sequence, SequenceQuestion};

/// Primes above 2^60, so that a wrong digit passes all three with a chance of 2^-180.
pub const RESIDUE_MODULI: [u64; 3] = [2_305_843_009_213_693_951, 1_618_033_988_749_894_819, 2_305_843_009_213_693_921];

/// Returns residues that check the value of a subject, by a path that shares nothing with the computation of values.
///
/// Those of a sequence are modulo [`RESIDUE_MODULI`]. For a period π of m they are F(π) and F(π+1) modulo m, which are 0
/// and 1, and for an entry point α that of F(α), which is 0. The value is needed only for these two. There are none for
/// φ.
///
/// # Cost
/// Microseconds, but for T(k, n): at most [`MAX_AT_ONCE`](crate::MAX_AT_ONCE), for k = 64 and an n of 63 bits.
pub fn value_residues(subject: &Subject, value: Option<&str>) -> Vec<ValueResidue> {
    let parameters = |p: i64, q: i64| LucasParameters { p: p.into(), q: q.into() };
    match *subject {
        Subject::Fibonacci(n) => of_sequence(subject, |modulus| fibonacci::modulo(n.get(), &modulus)),
        Subject::Lucas(n) => of_question(subject, &Sequence::Lucas, n),
        Subject::U { p, q, n } => of_question(subject, &Sequence::U(parameters(p, q)), n),
        Subject::V { p, q, n } => of_question(subject, &Sequence::V(parameters(p, q)), n),
        Subject::Seeded { a, b, n } => of_question(subject, &Sequence::Seeded { a: a.into(), b: b.into() }, n),
        Subject::Kbonacci { k, n } => of_question(subject, &Sequence::Kbonacci { k: k.into() }, n),
        Subject::PisanoPeriod(m) => of_period(m, value, 2),
        Subject::EntryPoint(m) => of_period(m, value, 1),
        // Its last digits are not known before all of them are.
        Subject::GoldenRatio(_) => Vec::new(),
    }
}

fn of_question(subject: &Subject, sequence: &Sequence, n: Index) -> Vec<ValueResidue> {
    of_sequence(subject, |modulus| {
        let question =
            SequenceQuestion { sequence: sequence.clone(), n: n.get().into(), modulus: Some(modulus.clone()) };
        question.residue(&modulus).ok()
    })
}

/// Returns the residues of a term by its function.
fn of_sequence(subject: &Subject, residue: impl Fn(UBig) -> Option<UBig>) -> Vec<ValueResidue> {
    let value_residue = |modulus: u64| {
        Some(ValueResidue {
            subject: subject.to_string(),
            modulus: modulus.to_string(),
            residue: residue(modulus.into())?.to_string(),
        })
    };
    RESIDUE_MODULI.into_iter().filter_map(value_residue).collect()
}

/// Returns the residues of F(v), F(v + 1) … modulo m for the value v.
fn of_period(m: NonZero<u128>, value: Option<&str>, count: u8) -> Vec<ValueResidue> {
    let Some(value) = value.and_then(|value| value.parse::<IBig>().ok()) else { return Vec::new() };
    let residue = |step| {
        let n = &value + IBig::from(step);
        let residue = fibonacci::modulo(n.clone(), &m.get().into())?;
        Some(ValueResidue {
            subject: Family::Fibonacci.subject(&n),
            modulus: m.to_string(),
            residue: residue.to_string(),
        })
    };
    (0..count).filter_map(residue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residues_are_those_of_the_value() {
        for subject in [
            "F(-8)",
            "L(10)",
            "L(-999)",
            "U(3,-1,500)",
            "U(3,1,-7)",
            "V(2,-1,77)",
            "G(-2,1,50)",
            "T(64,300)",
            "T(3,-9)",
        ] {
            let subject: Subject = subject.parse().expect("a subject");
            let value = calculator::compute(&subject, &fibonacci::Control::none()).expect("it is small").to_string();
            let residues = value_residues(&subject, None);
            assert_eq!(residues.len(), 3, "{subject}");
            for found in residues {
                let modulus: IBig = found.modulus.parse().expect("a number");
                let value: IBig = value.parse().expect("a number");
                let expected = ((&value % &modulus) + &modulus) % &modulus;
                assert_eq!((found.subject, found.residue), (subject.to_string(), expected.to_string()));
            }
        }
    }

    #[test]
    fn residues_of_a_period_are_zero_and_one() {
        for (subject, value, expected) in [
            ("P(10)", "60", &[("F(60)", "0"), ("F(61)", "1")][..]),
            ("P(10)", "30", &[("F(30)", "0"), ("F(31)", "9")]),
            ("P(1)", "1", &[("F(1)", "0"), ("F(2)", "0")]),
            ("A(10)", "15", &[("F(15)", "0")]),
            (
                "P(100000000000000000000000000000)",
                "150000000000000000000000000000",
                &[("F(150000000000000000000000000000)", "0"), ("F(150000000000000000000000000001)", "1")],
            ),
        ] {
            let found = value_residues(&subject.parse().expect("a subject"), Some(value));
            let found: Vec<_> = found.iter().map(|found| (&*found.subject, &*found.residue)).collect();
            assert_eq!(found, expected, "{subject}");
        }
    }

    #[test]
    fn residues_cost_what_is_answered_at_once() {
        // The most that a subject can cost: 64 terms are added, and the index has 63 bits.
        let price = fibonacci::price::kbonacci_modulo(64, &i64::MAX.into(), 61);
        assert!(RESIDUE_MODULI.len() as u32 * price <= crate::MAX_AT_ONCE, "{price:?}");
    }
}
