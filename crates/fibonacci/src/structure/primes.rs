//! Which Fibonacci and Lucas numbers are known to be prime.

use dashu_int::IBig;
use dashu_int::ops::PowerOfTwo;

use crate::is_prime;
use crate::structure::primality::{KnownPrimality, Primality, PrimalityMethod as Method, PrimalitySource as Source};

/// The known indexes of Fibonacci numbers that are prime, or probably so: see [`known_fibonacci_primality`].
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

/// Returns what is known of whether |F(n)| is prime, how and by whom, from tables and from the divisors of n.
///
/// # Cost
/// A test of whether n is prime: below 0.1 ms for n < 2¹²⁸. Larger indexes are only known composite by small factors.
///
/// # Source
/// [`FIBONACCI_PRIME_INDEXES`]; all indexes to 50,000 have been tested (Dubner and Keller). The source of each proof is
/// in the answer: [`PrimalitySource`](crate::PrimalitySource).
///
/// # Example
/// ```
/// use fibonacci::{Primality, PrimalityMethod, PrimalitySource, known_fibonacci_primality};
/// let known = known_fibonacci_primality(148_091);
/// assert_eq!((known.primality, known.method), (Primality::Prime, PrimalityMethod::EllipticCurves));
/// assert_eq!(known.source, Some(PrimalitySource::PrimePages));
/// assert_eq!(known_fibonacci_primality(1_000_000).method, PrimalityMethod::Divisor);
/// ```
pub fn known_fibonacci_primality(n: impl Into<IBig>) -> KnownPrimality {
    let (_, n) = n.into().into_parts();
    let Ok(index) = u128::try_from(&n) else {
        let divisible = [2_u8, 3, 5, 7, 11, 13].iter().any(|&prime| (&n % prime) == 0);
        return if divisible { KnownPrimality::divisor() } else { KnownPrimality::unknown() };
    };
    let is_prime_index = index == 4 || is_prime(index);
    match u32::try_from(index) {
        Ok(0..=2) => KnownPrimality::zero_or_one(),
        _ if !is_prime_index => KnownPrimality::divisor(),
        Ok(small) if FIBONACCI_PRIME_INDEXES.contains(&small) => fibonacci_prime(small),
        Ok(..=PRIMES_TESTED_TO) => KnownPrimality::tested_composite(),
        _ => KnownPrimality::unknown(),
    }
}

/// Returns how it is known that F(n) is prime, for n of [`FIBONACCI_PRIME_INDEXES`].
fn fibonacci_prime(n: u32) -> KnownPrimality {
    match n {
        // F(93) is the last below 2⁶⁴.
        0..=93 => KnownPrimality::prime(Method::DeterministicTest, Source::Abaci),
        94..=5_387 => KnownPrimality::prime(Method::EllipticCurves, Source::PariGp),
        9_311 => KnownPrimality::prime(Method::PublishedProof, Source::DubnerKeller),
        9_677 | 104_911 | 130_021 | 148_091 => KnownPrimality::prime(Method::EllipticCurves, Source::PrimePages),
        30_757 | 35_999 => KnownPrimality::prime(Method::Cyclotomy, Source::PrimePages),
        14_431 | 25_561 | 37_511 | 50_833 | 81_839 => KnownPrimality::prime(Method::PublishedProof, Source::PrimePages),
        201_107 => KnownPrimality::probable(Source::PariGp),
        _ => KnownPrimality::probable(Source::OeisFibonacci),
    }
}

/// Returns what is known of whether |F(n)| is prime: [`known_fibonacci_primality`] without its method.
///
/// # Example
/// ```
/// use fibonacci::{Primality, fibonacci_primality};
/// assert_eq!(fibonacci_primality(148_091), Primality::Prime);
/// assert_eq!(fibonacci_primality(201_107), Primality::ProbablePrime);
/// assert_eq!(fibonacci_primality(19), Primality::Composite); // F(19) = 4181 = 37·113
/// ```
pub fn fibonacci_primality(n: impl Into<IBig>) -> Primality {
    known_fibonacci_primality(n).primality
}

/// Returns what is known of whether |L(n)| is prime, how and by whom, from a table and from the divisors of n.
///
/// L(n/p) divides L(n) for odd primes p, so n is a prime or a power of 2 where L(n) is prime.
///
/// # Cost
/// As [`known_fibonacci_primality`].
///
/// # Source
/// [`LUCAS_PRIME_INDEXES`]. Dubner and Keller prove eight of those above 1,000. The Prime Pages (glossary, "Lucas prime")
/// name all to 50,000 proven.
///
/// # Example
/// ```
/// use fibonacci::{PrimalityMethod, PrimalitySource, known_lucas_primality};
/// assert_eq!(known_lucas_primality(16).method, PrimalityMethod::DeterministicTest); // L(16) = 2207
/// assert_eq!(known_lucas_primality(6).method, PrimalityMethod::Divisor); // L(6) = 18
/// assert_eq!(known_lucas_primality(14_449).source, Some(PrimalitySource::DubnerKeller));
/// ```
pub fn known_lucas_primality(n: impl Into<IBig>) -> KnownPrimality {
    let (_, n) = n.into().into_parts();
    let is_power_of_two = n.is_power_of_two();
    let Ok(index) = u128::try_from(&n) else {
        let divisible = [3_u8, 5, 7, 11, 13].iter().any(|&prime| (&n % prime) == 0);
        let is_even = (&n % 2_u8) == 0;
        let is_divided = divisible || (is_even && !is_power_of_two);
        return if is_divided { KnownPrimality::divisor() } else { KnownPrimality::unknown() };
    };
    let has_no_odd_divisor = index == 0 || is_power_of_two || is_prime(index);
    match u32::try_from(index) {
        Ok(1) => KnownPrimality::zero_or_one(),
        _ if !has_no_odd_divisor => KnownPrimality::divisor(),
        Ok(small) if LUCAS_PRIME_INDEXES.contains(&small) => lucas_prime(small),
        Ok(..=PRIMES_TESTED_TO) => KnownPrimality::tested_composite(),
        _ => KnownPrimality::unknown(),
    }
}

/// Returns how it is known that L(n) is prime, for n of [`LUCAS_PRIME_INDEXES`].
fn lucas_prime(n: u32) -> KnownPrimality {
    match n {
        // L(92) is the last below 2⁶⁴.
        0..=92 => KnownPrimality::prime(Method::DeterministicTest, Source::Abaci),
        93..=5_851 => KnownPrimality::prime(Method::EllipticCurves, Source::PariGp),
        7_741 | 10_691 | 14_449 => KnownPrimality::prime(Method::PublishedProof, Source::DubnerKeller),
        _ => KnownPrimality::prime(Method::PublishedProof, Source::PrimePages),
    }
}

/// Returns what is known of whether |L(n)| is prime: [`known_lucas_primality`] without its method.
///
/// # Example
/// ```
/// use fibonacci::{Primality, lucas_primality};
/// assert_eq!(lucas_primality(16), Primality::Prime); // L(16) = 2207
/// assert_eq!(lucas_primality(6), Primality::Composite); // L(6) = 18
/// ```
pub fn lucas_primality(n: impl Into<IBig>) -> Primality {
    known_lucas_primality(n).primality
}
