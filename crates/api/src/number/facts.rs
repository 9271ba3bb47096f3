//! The facts about n and F(n).

use answers::{Family, RESIDUE_MODULI, primality_method, primality_name, prime_powers};
use fibonacci::{IBig, UBig};
use wire::{Doubling, NearestFibonacci, NumberFacts, Period, Residue};

use super::factors::{cofactor, divisors, prime_factors};
use super::question::NumberQuestion;
use crate::limits::ApiConfig;

/// The largest |n| whose value is included: under 5,000 digits, computed in tens of microseconds.
const MAX_VALUE_INDEX: u64 = 23_900;
/// Up to here a modulus is factored in 2 ms at most, and 6m, which periods do not exceed, is exact in a double.
const MAX_PERIOD_MODULUS: u64 = 1_000_000_000_000_000;
const RATIO_PLACES: u32 = 30;

pub(super) fn facts(question: &NumberQuestion, config: &ApiConfig) -> NumberFacts {
    let n = &question.n;
    let word = i64::try_from(n).ok();
    let magnitude = word.map(i64::unsigned_abs);
    let estimate = word.filter(|n| n.unsigned_abs() <= fibonacci::MAX_INDEX).map(fibonacci::estimate);
    let value = word
        .filter(|n| n.unsigned_abs() <= MAX_VALUE_INDEX)
        .and_then(|n| fibonacci::nth(n).ok())
        .map(|value| value.to_string());
    let prime_factors = if n.is_zero() { Vec::new() } else { prime_factors(n) };
    // The same digits serve for both.
    let scientific = fibonacci::scientific(n.clone(), question.first);
    let primality = fibonacci::known_fibonacci_primality(n.clone());
    NumberFacts {
        index: n.to_string(),
        subject: format!("F({n})"),
        accepted: magnitude.is_some_and(|magnitude| magnitude <= config.max_index),
        max_index: config.max_index.to_string(),
        estimated_ms: estimate.map(|estimate| u64::try_from(estimate.work.as_millis()).unwrap_or(u64::MAX)),
        estimated_memory_bytes: estimate.map(|estimate| estimate.memory_bytes),
        negative: scientific.negative,
        even: fibonacci::is_even(n.clone()),
        valuation_of_2: fibonacci::valuation_of_2(n.clone()),
        valuation_of_3: fibonacci::valuation_of_3(n.clone()),
        valuation_of_5: fibonacci::valuation_of_5(n.clone()),
        digits: (&scientific.exponent + UBig::ONE).to_string(),
        last_digits: fibonacci::last_digits(n.clone(), question.last),
        scientific: fibonacci::scientific(n.clone(), 20).to_string(),
        first_digits: scientific.digits,
        digital_root: fibonacci::digital_root(n.clone()),
        primality: primality_name(primality.primality).to_owned(),
        primality_method: Some(primality_method(Family::Fibonacci, n, primality)),
        cofactor: value.as_deref().and_then(|value| cofactor(value, &prime_factors)),
        value,
        residues: residues(question),
        prime_factors,
        periods: u64::try_from(&question.modulus).ok().and_then(|modulus| period(n, modulus)).into_iter().collect(),
        doublings: magnitude.map_or_else(Vec::new, doublings),
        divisors: magnitude.and_then(divisors),
        zeckendorf: magnitude.map_or_else(Vec::new, |magnitude| fibonacci::zeckendorf(&magnitude.into())),
        nearest_fibonacci: nearest_fibonacci(n),
        ratio: magnitude.and_then(|magnitude| fibonacci::ratio_digits(magnitude, RATIO_PLACES)),
    }
}

/// Returns the residues that prove a value, and that of the modulus asked for if it is too large for a period.
fn residues(question: &NumberQuestion) -> Vec<Residue> {
    let proof = RESIDUE_MODULI.map(UBig::from);
    let asked = Some(question.modulus.clone()).filter(|modulus| *modulus > UBig::from(MAX_PERIOD_MODULUS));
    let residue = |modulus: UBig| {
        let residue = fibonacci::modulo(question.n.clone(), &modulus).unwrap_or_default();
        Residue { modulus: modulus.to_string(), residue: residue.to_string() }
    };
    proof.into_iter().chain(asked).map(residue).collect()
}

fn period(n: &IBig, modulus: u64) -> Option<Period> {
    let found = fibonacci::period(modulus.into()).filter(|_| modulus <= MAX_PERIOD_MODULUS)?;
    let residue = fibonacci::modulo(n.clone(), &modulus.into())?;
    Some(Period {
        modulus,
        period: u64::try_from(found.pisano_period).ok()?,
        entry_point: u64::try_from(found.entry_point).ok()?,
        residue: u64::try_from(residue).ok()?,
        factors: prime_powers(found.factors),
    })
}

/// Returns the indexes that fast doubling goes through: the leading bits of n.
fn doublings(n: u64) -> Vec<Doubling> {
    let steps = (0..u64::BITS - n.leading_zeros()).rev().map(|shift| n >> shift);
    steps.map(|k| Doubling { index: k.to_string(), digits: fibonacci::digit_count(k).to_string() }).collect()
}

fn nearest_fibonacci(n: &IBig) -> Option<NearestFibonacci> {
    let neighbors = fibonacci::neighbors(&n.clone().into_parts().1.to_string()).ok()?;
    Some(NearestFibonacci { below: neighbors.below, exact: neighbors.exact })
}

#[cfg(test)]
mod tests {
    use wire::PrimePower;

    use super::*;

    fn of(n: &str, modulus: u64) -> NumberFacts {
        let n = n.parse().expect("a number");
        facts(&NumberQuestion { n, first: 50, last: 50, modulus: modulus.into() }, &ApiConfig::default())
    }

    #[test]
    fn the_facts_of_a_small_number_are_complete() {
        let facts = of("12", 7);
        assert_eq!(facts.value.as_deref(), Some("144"));
        assert_eq!(facts.scientific, "1.44e2");
        assert_eq!(facts.divisors.expect("a small n"), ["1", "2", "3", "4", "6", "12"]);
        let factors: Vec<_> = facts.prime_factors.iter().map(|f| (&*f.prime, f.exponent, &*f.rank)).collect();
        assert_eq!(factors, [("2", 4, "3"), ("3", 2, "4")]);
        assert_eq!(facts.cofactor.as_deref(), Some("1"));
        let factors = vec![PrimePower { prime: "7".to_owned(), exponent: 1 }];
        assert_eq!(facts.periods, [Period { modulus: 7, period: 16, entry_point: 8, residue: 4, factors }]);
        assert_eq!(facts.zeckendorf, [6, 4, 2]);
        assert_eq!(facts.nearest_fibonacci, Some(NearestFibonacci { below: 6, exact: false }));
        assert_eq!((facts.digital_root, &*facts.primality), (9, "composite"));
        assert_eq!(facts.ratio.as_deref(), Some("1.618055555555555555555555555555"));
        let doublings: Vec<_> = facts.doublings.iter().map(|step| (&*step.index, &*step.digits)).collect();
        assert_eq!(doublings, [("1", "1"), ("3", "1"), ("6", "1"), ("12", "3")]);
    }

    #[test]
    fn zero_negative_and_unit_indexes_have_facts() {
        let zero = of("0", 1);
        assert_eq!(zero.value.as_deref(), Some("0"));
        assert!(zero.even && zero.divisors.is_none() && zero.zeckendorf.is_empty() && zero.doublings.is_empty());
        assert_eq!((zero.periods[0].period, zero.periods[0].residue), (1, 0));
        let negative = of("-8", 10);
        assert!(negative.negative && !of("-7", 10).negative);
        assert_eq!(negative.value.as_deref(), Some("-21"));
        assert_eq!((negative.periods[0].period, negative.periods[0].residue), (60, 9));
        assert_eq!(of("1", 10).divisors.expect("a small n"), ["1"]);
    }

    #[test]
    fn indexes_beyond_words_have_ends_and_residues() {
        let facts = of(&format!("1{}", "0".repeat(1_000)), 10);
        assert!(!facts.accepted && facts.value.is_none() && facts.estimated_ms.is_none());
        assert!(facts.digits.starts_with("20898764024997873376927208923755541682245923991"));
        assert_eq!((facts.first_digits.len(), facts.last_digits.len()), (50, 50));
        assert_eq!(facts.residues.len(), 3);
        assert_eq!(facts.primality, "composite");
    }

    #[test]
    fn large_moduli_have_residues_and_no_periods() {
        let facts = of("1000", 10_000_000_000_000_000_000);
        assert!(facts.periods.is_empty());
        assert_eq!(facts.residues.last().map(|residue| &*residue.residue), Some("6137795166849228875"));
        assert_eq!(of("5", 1_000_000_000_000_000).periods.len(), 1);
    }
}
