//! Which Fibonacci and Lucas numbers are known to be prime.

use dashu_int::IBig;

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
const ALL_TESTED_TO: u32 = 50_000;

/// The largest Fibonacci number that is proven prime, by elliptic curves in 2021 (The Prime Pages).
const PROVEN_TO: u32 = 148_091;

/// The known primality of |F(n)|.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primality {
    /// Neither prime nor composite: F(0) = 0, or 1.
    Neither,
    /// Proven prime.
    Prime,
    /// Passes tests that hardly any composite number passes; not proven.
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
        Ok(..=ALL_TESTED_TO) => Primality::Composite,
        _ if !is_prime(index) => Primality::Composite,
        _ => Primality::Unknown,
    }
}
