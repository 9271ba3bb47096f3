//! Prime factors of primitive parts: searched for where a part is small, else from tables.

use std::collections::HashMap;
use std::sync::LazyLock;

use dashu_int::UBig;

use super::{AlgebraicFactor, Primality, fibonacci_primality, lucas_primality};
use crate::factorize;

/// Up to here prime factors are searched for.
pub const MAX_SEARCHED_PART: u64 = 1_000_000_000_000_000;

/// d, and the prime factors of the primitive part of F(d) for d up to 300, for parts above [`MAX_SEARCHED_PART`]. Made by
/// `tests/tables/factored.gp` with PARI/GP 2.15, whose `isprime` proves each prime.
const FACTORED: &str = include_str!("factored.csv");

static FACTORED_LINES: LazyLock<HashMap<u32, &str>> = LazyLock::new(|| {
    let line = |line: &'static str| line.split_once(',').and_then(|(d, primes)| Some((d.parse().ok()?, primes)));
    FACTORED.lines().filter_map(line).collect()
});

impl AlgebraicFactor {
    /// Returns the prime factors of the part with their exponents, in ascending order; `None` if they are not known here.
    ///
    /// Known are those of parts up to [`MAX_SEARCHED_PART`], of all parts for divisors up to 300, and parts that are
    /// Fibonacci or Lucas primes.
    ///
    /// # Cost
    /// That of [`price::factorize`](crate::price::factorize) for [`MAX_SEARCHED_PART`], at most.
    ///
    /// # Example
    /// ```
    /// let factors = fibonacci::algebraic_factors(178).unwrap();
    /// let primes: Vec<_> = factors[3].prime_factors().unwrap().into_iter().map(|(p, _)| p.to_string()).collect();
    /// assert_eq!(primes, ["179", "22235502640988369"]); // of L(89)
    /// ```
    pub fn prime_factors(&self) -> Option<Vec<(UBig, u32)>> {
        if let Some(value) = u64::try_from(&self.value).ok().filter(|value| *value <= MAX_SEARCHED_PART) {
            return Some(
                factorize(value.into()).into_iter().map(|(prime, exponent)| (prime.into(), exponent)).collect(),
            );
        }
        if let Some(primes) = FACTORED_LINES.get(&self.divisor) {
            let primes: Vec<UBig> = primes.split(',').filter_map(|prime| prime.parse().ok()).collect();
            return Some(primes.chunk_by(PartialEq::eq).map(|equal| (equal[0].clone(), equal.len() as u32)).collect());
        }
        self.is_known_prime().then(|| vec![(self.value.clone(), 1)])
    }

    /// Returns whether the part is all of a Fibonacci or Lucas number that is proven prime: beyond the small ones, which have
    /// other parts, such indexes are prime.
    fn is_known_prime(&self) -> bool {
        let is_lucas = self.divisor.is_multiple_of(2) && lucas_primality(self.divisor / 2) == Primality::Prime;
        is_lucas || fibonacci_primality(self.divisor) == Primality::Prime
    }
}
