//! Prime factors, by the crate num-prime.

use std::collections::BTreeMap;

use num_prime::buffer::{NaiveBuffer, PrimeBufferExt};

/// The largest number that is factored, 2¹²⁸ − 1.
pub const MAX_FACTORED: u128 = u128::MAX;

/// Returns the prime factors of m > 0 with their exponents, in ascending order; nothing for 0 and 1.
///
/// Factors below 2⁶⁴ are proven prime. Larger ones pass the Baillie–PSW test, which no composite number is known
/// to pass.
///
/// # Cost
/// Grows with the fourth root of m at most, see [`price::factorize`](crate::price::factorize): a few milliseconds at
/// 10¹⁸, a second at 10²⁶, hours at 10³⁸, if m is the product of two primes of about the same size.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::factorize(144), [(2, 4), (3, 2)]);
/// ```
pub fn factorize(m: u128) -> Vec<(u128, u32)> {
    if m < 2 {
        return Vec::new();
    }
    let factors: BTreeMap<u128, usize> = match u64::try_from(m) {
        Ok(m) => num_prime::nt_funcs::factorize64(m).into_iter().map(|(p, e)| (p.into(), e)).collect(),
        Err(_) => num_prime::nt_funcs::factorize128(m),
    };
    factors.into_iter().map(|(prime, exponent)| (prime, exponent as u32)).collect()
}

/// Returns whether p is prime: proven below 2⁶⁴, above by the Baillie–PSW test.
///
/// # Example
/// ```
/// assert!(fibonacci::is_prime((1 << 61) - 1));
/// ```
pub fn is_prime(p: u128) -> bool {
    match u64::try_from(p) {
        Ok(p) => num_prime::nt_funcs::is_prime64(p),
        Err(_) => NaiveBuffer::new().is_prime(&p, Some(num_prime::PrimalityTestConfig::bpsw())).probably(),
    }
}
