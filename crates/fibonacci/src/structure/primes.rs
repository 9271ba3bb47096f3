//! Which Fibonacci and Lucas numbers are known to be prime.

use dashu_int::IBig;
use dashu_int::ops::PowerOfTwo;

use crate::is_prime;

/// The known indexes of Fibonacci numbers that are prime, or probably so: see [`fibonacci_primality`].
///
/// # Source
/// OEIS A001605 as of October 2024.
pub const FIBONACCI_PRIME_INDEXES: [u32; 51] = [
    3, 4, 5, 7, 11, 13, 17, 23, 29, 43, 47, 83, 131, 137, 359, 431, 433, 449, 509, 569, 571, 2971, 4723, 5387, 9311,
    9677, 14431, 25561, 30757, 35999, 37511, 50833, 81839, 104911, 130021, 148091, 201107, 397379, 433781, 590041,
    593689, 604711, 931517, 1049897, 1285607, 1636007, 1803059, 1968721, 2904353, 3244369, 3340367,
];

/// The indexes up to 50,000 of Lucas numbers that are prime, or probably so.
///
/// # Source
/// H. Dubner, W. Keller, "New Fibonacci and Lucas primes", Mathematics of Computation 68 (1999), which tests all
/// indexes to 50,000; OEIS A001606.
pub const LUCAS_PRIME_INDEXES: [u32; 41] = [
    0, 2, 4, 5, 7, 8, 11, 13, 16, 17, 19, 31, 37, 41, 47, 53, 61, 71, 79, 113, 313, 353, 503, 613, 617, 863, 1097,
    1361, 4787, 4793, 5851, 7741, 8467, 10691, 12251, 13963, 14449, 19469, 35449, 36779, 44507,
];

/// Indexes to here have all been tested, see [`LUCAS_PRIME_INDEXES`].
pub const PRIMES_TESTED_TO: u32 = 50_000;

/// The largest Fibonacci number that is proven prime, by elliptic curves in 2021 (The Prime Pages).
const PROVEN_TO: u32 = 148_091;

/// Lucas numbers to this index are proven prime or composite, and those of [`PROVEN_LUCAS_INDEXES`] are proven prime.
const ALL_PROVEN_LUCAS_TO: u32 = 1_000;
const PROVEN_LUCAS_INDEXES: [u32; 8] = [1_097, 1_361, 4_787, 4_793, 5_851, 7_741, 10_691, 14_449];

/// The known primality of |F(n)| or |L(n)|.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primality {
    /// Neither prime nor composite: F(0) = 0, or 1.
    Neither,
    /// Proven prime, in the source.
    Prime,
    /// Passes tests that hardly any composite number passes; the source has no proof.
    ProbablePrime,
    /// Composite: n is, so that F(d) divides it, or tests found it so.
    Composite,
    /// Not in the tables, and its index is prime.
    Unknown,
}

/// Returns what is known of whether |F(n)| is prime, from tables and from the divisors of n.
///
/// # Cost
/// A test of whether n is prime: below 0.1 ms for n < 2¹²⁸. Larger indexes are only known composite by small factors.
///
/// # Source
/// [`FIBONACCI_PRIME_INDEXES`]; those to 148,091 are proven (The Prime Pages, "Fibonacci number"), and all indexes to
/// 50,000 have been tested (Dubner and Keller).
///
/// # Example
/// ```
/// use fibonacci::{Primality, fibonacci_primality};
/// assert_eq!(fibonacci_primality(148_091), Primality::Prime);
/// assert_eq!(fibonacci_primality(201_107), Primality::ProbablePrime);
/// assert_eq!(fibonacci_primality(19), Primality::Composite); // F(19) = 4181 = 37·113
/// assert_eq!(fibonacci_primality(1_000_000), Primality::Composite);
/// ```
pub fn fibonacci_primality(n: impl Into<IBig>) -> Primality {
    let (_, n) = n.into().into_parts();
    let Ok(index) = u128::try_from(&n) else {
        let divisible = [2_u8, 3, 5, 7, 11, 13].iter().any(|&prime| (&n % prime) == 0);
        return if divisible { Primality::Composite } else { Primality::Unknown };
    };
    match u32::try_from(index) {
        Ok(0..=2) => Primality::Neither,
        Ok(small) if FIBONACCI_PRIME_INDEXES.contains(&small) => {
            if small <= PROVEN_TO {
                Primality::Prime
            } else {
                Primality::ProbablePrime
            }
        }
        Ok(..=PRIMES_TESTED_TO) => Primality::Composite,
        _ if !is_prime(index) => Primality::Composite,
        _ => Primality::Unknown,
    }
}

/// Returns what is known of whether |L(n)| is prime, from a table and from the divisors of n.
///
/// L(n/p) divides L(n) for odd primes p, so n is a prime or a power of 2 where L(n) is prime.
///
/// # Cost
/// As [`fibonacci_primality`].
///
/// # Source
/// [`LUCAS_PRIME_INDEXES`]. Dubner and Keller prove eight of those above 1,000; the smaller ones were known.
///
/// # Example
/// ```
/// use fibonacci::{Primality, lucas_primality};
/// assert_eq!(lucas_primality(16), Primality::Prime); // L(16) = 2207
/// assert_eq!(lucas_primality(6), Primality::Composite); // L(6) = 18
/// ```
pub fn lucas_primality(n: impl Into<IBig>) -> Primality {
    let (_, n) = n.into().into_parts();
    let is_power_of_two = n.is_power_of_two();
    let Ok(index) = u128::try_from(&n) else {
        let divisible = [3_u8, 5, 7, 11, 13].iter().any(|&prime| (&n % prime) == 0);
        let is_even = (&n % 2_u8) == 0;
        return if divisible || (is_even && !is_power_of_two) { Primality::Composite } else { Primality::Unknown };
    };
    match u32::try_from(index) {
        Ok(1) => Primality::Neither,
        Ok(small) if LUCAS_PRIME_INDEXES.contains(&small) => {
            if small <= ALL_PROVEN_LUCAS_TO || PROVEN_LUCAS_INDEXES.contains(&small) {
                Primality::Prime
            } else {
                Primality::ProbablePrime
            }
        }
        Ok(..=PRIMES_TESTED_TO) => Primality::Composite,
        _ if !is_power_of_two && !is_prime(index) => Primality::Composite,
        _ => Primality::Unknown,
    }
}
