//! Divisors of an index.

use crate::factorize;

/// Returns the divisors d of n in ascending order, for which F(d) divides F(n); none for 0.
///
/// # Cost
/// A factorization of n, see [`price::factorize`](crate::price::factorize).
///
/// # Example
/// ```
/// assert_eq!(fibonacci::divisors(12), [1, 2, 3, 4, 6, 12]);
/// ```
pub fn divisors(n: u128) -> Vec<u128> {
    if n == 0 {
        return Vec::new();
    }
    let mut divisors = vec![1];
    for (prime, exponent) in factorize(n) {
        let known = divisors.len();
        let mut power = 1;
        for _ in 0..exponent {
            power *= prime;
            divisors.extend_from_within(..known);
            let last = divisors.len() - known;
            divisors[last..].iter_mut().for_each(|divisor| *divisor *= power);
        }
    }
    divisors.sort_unstable();
    divisors
}
