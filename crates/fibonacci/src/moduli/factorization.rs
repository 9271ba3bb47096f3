//! Prime factors.

use dashu_int::UBig;

use super::primes::small_primes;
use super::{is_prime, quadratic_sieve, rho};

/// The largest number that is factored, 2¹²⁸ − 1.
pub const MAX_FACTORED: u128 = u128::MAX;

/// Returns the prime factors of m > 0 with their exponents, in ascending order; nothing for 0 and 1.
///
/// Each factor divides what the ones before left of m, and is prime as [`is_prime`] says it.
///
/// # Cost
/// See [`price::factorize`](crate::price::factorize): most for the product of two primes of about the same size.
///
/// # Source
/// Division by small primes; J. M. Pollard's rho method as R. P. Brent improved it ("An improved Monte Carlo factorization
/// algorithm", BIT 20, 1980) below 2⁶⁴, and the self-initializing quadratic sieve above. Nothing is random.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::factorize(144), [(2, 4), (3, 2)]);
/// ```
pub fn factorize(m: u128) -> Vec<(u128, u32)> {
    if m == 0 {
        return Vec::new();
    }
    let (mut primes, mut rest) = (Vec::new(), m);
    for p in small_primes().iter().map(|&p| u128::from(p)) {
        if p * p > rest {
            break;
        }
        while rest.is_multiple_of(p) {
            rest /= p;
            primes.push(p);
        }
    }
    let mut parts = Vec::from_iter((rest > 1).then_some(rest));
    while let Some(part) = parts.pop() {
        if is_prime(part) {
            primes.push(part);
        } else {
            let factor = split(part);
            parts.extend([factor, part / factor]);
        }
    }
    primes.sort_unstable();
    primes.chunk_by(|p, q| p == q).map(|equal| (equal[0], equal.len() as u32)).collect()
}

/// Returns a factor, neither 1 nor n, of a composite n without small factors.
fn split(n: u128) -> u128 {
    // The methods below find no factor of a power of a prime. An exponent of 9 takes nine primes of 14 bits.
    if let Some(root) = [2, 3, 5, 7].into_iter().find_map(|exponent| exact_root(n, exponent)) {
        return root;
    }
    match u64::try_from(n) {
        Ok(n) => rho::split(n).into(),
        Err(_) => quadratic_sieve::split(n),
    }
}

/// Returns the root of n, if n is a power with this exponent.
fn exact_root(n: u128, exponent: u32) -> Option<u128> {
    let root = u128::try_from(UBig::from(n).nth_root(exponent as usize)).ok()?;
    (root.checked_pow(exponent) == Some(n)).then_some(root)
}
