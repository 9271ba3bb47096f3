//! `GET /api/numbers/{n}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use fibonacci::{IBig, UBig};
use http::header;
use wire::{Doubling, NumberFacts, Period, PrimeFactor, Residue, Shortened};

use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::ApiConfig;

/// The most digits of an index.
const MAX_INDEX_DIGITS: usize = 1_001;
/// The largest |n| whose value is included: under 5,000 digits, computed in tens of microseconds.
const MAX_VALUE_INDEX: u64 = 23_900;
/// The first and the last digits that are included.
const END_DIGITS: u16 = 50;
/// Primes above 2^60, so that a wrong digit passes all three with a chance of 2^-180.
const RESIDUE_MODULI: [u64; 3] = [2_305_843_009_213_693_951, 1_618_033_988_749_894_819, 2_305_843_009_213_693_921];
const MAX_PRIME: u64 = 1_000;
/// π(m) ≤ 6m, so the period of the largest modulus takes 60,000 additions.
const MAX_MODULUS: u64 = 10_000;
const DEFAULT_MODULUS: u64 = 10;
const MAX_DIVISORS: usize = 256;
/// Trial division up to here factors any n below its square.
const MAX_TRIAL_DIVISOR: u64 = 1_000_000;
const MAX_COFACTOR_DIGITS: usize = 60;

/// `GET /api/numbers/{n}` returns facts about n and F(n) that need no calculation, for |n| < 10^1001. Creates
/// nothing.
#[utoipa::path(
    get,
    path = "/api/numbers/{n}",
    tag = "numbers",
    params(
        ("n" = String, Path, max_length = 1_002, pattern = "^-?(0|[1-9][0-9]*)$", description = "The n of F(n), up to 1,001 digits"),
        ("modulus" = Option<u64>, Query, minimum = 1, maximum = 10_000, description = "The modulus m for which to return π(m) and F(n) mod m, from 1 to 10,000; 10 if absent"),
    ),
    responses(
        (status = 200, description = "The facts", body = wire::NumberFacts),
        (status = 422, description = "Not an index, or a wrong modulus", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn number(
    State(config): State<Arc<ApiConfig>>,
    Path(text): Path<String>,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let n = parse_index(&text, &config)?;
    let modulus =
        match query.one("modulus")? {
            None => DEFAULT_MODULUS,
            Some(text) => text.parse().ok().filter(|modulus| (1..=MAX_MODULUS).contains(modulus)).ok_or_else(|| {
                invalid_parameter("modulus", text, &format!("a whole number from 1 to {MAX_MODULUS}"))
            })?,
        };
    let facts = facts(&n, modulus, &config);
    Ok(([(header::CACHE_CONTROL, "public, max-age=3600")], Json(facts)).into_response())
}

fn parse_index(text: &str, config: &ApiConfig) -> Result<IBig, ApiError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if digits.len() < 19 || !is_canonical || digits.len() > MAX_INDEX_DIGITS {
        return config.parse_index(text).map(|index| index.get().into());
    }
    let given = Shortened::new(text);
    text.parse().map_err(|_| ApiError::IndexNotInteger { given, meant: None, max_index: config.max_index })
}

fn facts(n: &IBig, modulus: u64, config: &ApiConfig) -> NumberFacts {
    let word = i64::try_from(n).ok();
    let magnitude = word.map(i64::unsigned_abs);
    let estimate = word.filter(|n| n.unsigned_abs() <= fibonacci::MAX_INDEX).map(fibonacci::estimate);
    let value = word
        .filter(|n| n.unsigned_abs() <= MAX_VALUE_INDEX)
        .and_then(|n| fibonacci::nth(n).ok())
        .map(|value| value.to_string());
    let prime_factors = if n.is_zero() { Vec::new() } else { prime_factors(n) };
    NumberFacts {
        index: n.to_string(),
        subject: format!("F({n})"),
        accepted: magnitude.is_some_and(|magnitude| magnitude <= config.max_index),
        max_index: config.max_index.to_string(),
        estimated_ms: estimate.map(|estimate| u64::try_from(estimate.work.as_millis()).unwrap_or(u64::MAX)),
        estimated_memory_bytes: estimate.map(|estimate| estimate.memory_bytes),
        negative: *n < IBig::ZERO && (n % 2_i8) == 0,
        even: fibonacci::is_even(n.clone()),
        digits: fibonacci::digit_count(n.clone()).to_string(),
        first_digits: fibonacci::first_digits(n.clone(), END_DIGITS),
        last_digits: fibonacci::last_digits(n.clone(), END_DIGITS),
        cofactor: value.as_deref().and_then(|value| cofactor(value, &prime_factors)),
        value,
        residues: RESIDUE_MODULI
            .into_iter()
            .map(|modulus| Residue { modulus: modulus.to_string(), residue: residue(n, modulus).to_string() })
            .collect(),
        prime_factors,
        periods: vec![Period { modulus, period: period(modulus), residue: residue(n, modulus) }],
        doublings: magnitude.map_or_else(Vec::new, doublings),
        divisors: magnitude.and_then(divisors),
        zeckendorf: magnitude.map_or_else(Vec::new, zeckendorf),
    }
}

/// Returns F(n) mod m for m > 0.
fn residue(n: &IBig, modulus: u64) -> u64 {
    let residue = fibonacci::modulo(n.clone(), &UBig::from(modulus));
    residue.and_then(|residue| u64::try_from(residue).ok()).unwrap_or_default()
}

/// Returns π(m): the least k > 0 with F(k) = 0 and F(k + 1) = 1 modulo m.
fn period(modulus: u64) -> u64 {
    let (mut current, mut next, mut period) = (1 % modulus, 1 % modulus, 1);
    while (current, next) != (0, 1 % modulus) {
        (current, next) = (next, (current + next) % modulus);
        period += 1;
    }
    period
}

/// Returns the primes below [`MAX_PRIME`] that divide F(n), for n ≠ 0.
fn prime_factors(n: &IBig) -> Vec<PrimeFactor> {
    let is_prime = |p: &u64| (2..*p).take_while(|d| d * d <= *p).all(|d| !p.is_multiple_of(d));
    let primes = (2..MAX_PRIME).filter(is_prime).filter(|prime| residue(n, *prime) == 0);
    // Lifting the exponent; of 2 it is another rule, and no F(rank) of such a prime is divisible by its square.
    let exponent = |prime: u64| match prime {
        2 => fibonacci::valuation_of_2(n.clone()).unwrap_or_default(),
        5 => multiplicity(n, prime),
        _ => 1 + multiplicity(n, prime),
    };
    primes
        .map(|prime| PrimeFactor { prime: prime.to_string(), exponent: exponent(prime), rank: rank(prime).to_string() })
        .collect()
}

/// Returns how often the prime divides n ≠ 0.
fn multiplicity(n: &IBig, prime: u64) -> u64 {
    let (_, mut rest) = n.clone().into_parts();
    let mut count = 0;
    while (&rest % prime) == 0 {
        rest /= prime;
        count += 1;
    }
    count
}

/// Returns the least d > 0 for which the prime divides F(d).
fn rank(prime: u64) -> u64 {
    let (mut current, mut next, mut rank) = (1, 1, 1);
    while current != 0 {
        (current, next) = (next, (current + next) % prime);
        rank += 1;
    }
    rank
}

fn cofactor(value: &str, prime_factors: &[PrimeFactor]) -> Option<String> {
    let mut rest: UBig = value.trim_start_matches('-').parse().ok()?;
    for factor in prime_factors {
        rest /= factor.prime.parse::<UBig>().ok()?.pow(usize::try_from(factor.exponent).ok()?);
    }
    Some(rest.to_string()).filter(|rest| rest.len() <= MAX_COFACTOR_DIGITS)
}

/// Returns the indexes that fast doubling goes through: the leading bits of n.
fn doublings(n: u64) -> Vec<Doubling> {
    let steps = (0..u64::BITS - n.leading_zeros()).rev().map(|shift| n >> shift);
    steps.map(|k| Doubling { index: k.to_string(), digits: fibonacci::digit_count(k).to_string() }).collect()
}

/// Returns the divisors of n, ascending; `None` if there are too many or n is hard to factor.
fn divisors(n: u64) -> Option<Vec<String>> {
    let mut divisors = vec![1];
    let mut rest = n;
    let mut prime = 2;
    while rest > 1 {
        if prime * prime > rest {
            prime = rest;
        } else if prime > MAX_TRIAL_DIVISOR {
            return None;
        }
        let smaller = divisors.clone();
        let mut power = 1;
        while rest.is_multiple_of(prime) {
            rest /= prime;
            power *= prime;
            divisors.extend(smaller.iter().map(|divisor| divisor * power));
        }
        if divisors.len() > MAX_DIVISORS {
            return None;
        }
        prime += if prime == 2 { 1 } else { 2 };
    }
    divisors.sort_unstable();
    (n > 0).then(|| divisors.iter().map(u64::to_string).collect())
}

/// Returns the indexes of the Fibonacci numbers, none of them neighbours, that add up to n, the largest first.
fn zeckendorf(n: u64) -> Vec<u32> {
    let mut sequence = vec![1_u64, 2];
    while let [.., a, b] = sequence[..]
        && let Some(next) = a.checked_add(b)
        && next <= n
    {
        sequence.push(next);
    }
    let mut rest = n;
    let mut indexes = Vec::new();
    for (k, number) in (2..).zip(sequence).collect::<Vec<_>>().into_iter().rev() {
        if number <= rest {
            rest -= number;
            indexes.push(k);
        }
    }
    indexes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: &str, modulus: u64) -> NumberFacts {
        facts(&n.parse().expect("a number"), modulus, &ApiConfig::default())
    }

    #[test]
    fn the_facts_of_a_small_number_are_complete() {
        let facts = of("12", 7);
        assert_eq!(facts.value.as_deref(), Some("144"));
        assert_eq!(facts.divisors.expect("a small n"), ["1", "2", "3", "4", "6", "12"]);
        let factors: Vec<_> = facts.prime_factors.iter().map(|f| (&*f.prime, f.exponent, &*f.rank)).collect();
        assert_eq!(factors, [("2", 4, "3"), ("3", 2, "4")]);
        assert_eq!(facts.cofactor.as_deref(), Some("1"));
        assert_eq!(facts.periods, [Period { modulus: 7, period: 16, residue: 4 }]);
        assert_eq!(facts.zeckendorf, [6, 4, 2]);
        let doublings: Vec<_> = facts.doublings.iter().map(|step| (&*step.index, &*step.digits)).collect();
        assert_eq!(doublings, [("1", "1"), ("3", "1"), ("6", "1"), ("12", "3")]);
    }

    #[test]
    fn the_exponents_are_the_highest_powers_that_divide() {
        for n in 1..=150_u64 {
            let value: UBig = fibonacci::nth(n.cast_signed()).expect("small").to_string().parse().expect("digits");
            for factor in prime_factors(&n.into()) {
                let power: UBig = factor.prime.parse::<UBig>().expect("a prime").pow(factor.exponent as usize);
                let next = &power * factor.prime.parse::<UBig>().expect("a prime");
                assert!((&value % power).is_zero() && !(&value % next).is_zero(), "{factor:?} of F({n})");
            }
        }
    }

    #[test]
    fn zero_negative_and_unit_indexes_have_facts() {
        let zero = of("0", 1);
        assert_eq!(zero.value.as_deref(), Some("0"));
        assert!(zero.even && zero.divisors.is_none() && zero.zeckendorf.is_empty() && zero.doublings.is_empty());
        assert_eq!(zero.periods, [Period { modulus: 1, period: 1, residue: 0 }]);
        let negative = of("-8", 10);
        assert!(negative.negative && !of("-7", 10).negative);
        assert_eq!(negative.value.as_deref(), Some("-21"));
        assert_eq!(negative.periods, [Period { modulus: 10, period: 60, residue: 9 }]);
        assert_eq!(of("1", 10).divisors.expect("a small n"), ["1"]);
    }

    #[test]
    fn indexes_beyond_words_have_ends_and_residues() {
        let facts = of(&format!("1{}", "0".repeat(1_000)), 10);
        assert!(!facts.accepted && facts.value.is_none() && facts.estimated_ms.is_none());
        assert!(facts.digits.starts_with("20898764024997873376927208923755541682245923991"));
        assert_eq!(facts.last_digits.len(), 50);
        assert_eq!(facts.residues.len(), 3);
    }
}
