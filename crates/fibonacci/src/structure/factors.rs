//! Algebraic factors of F(n) and L(n), that need no factorization of the value.

use dashu_int::UBig;

use super::divisors;
use crate::factorize;
use crate::instant::pair;

/// The largest n for which factors of F(n) are computed.
pub const MAX_FACTOR_INDEX: u32 = 100_000;

/// A factor of F(n) that belongs to a divisor of n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgebraicFactor {
    /// The divisor d of n.
    pub divisor: u32,
    /// The primitive part of F(d): what of it divides no F(k) with k < d, but for a factor of d.
    pub value: UBig,
}

/// Returns the primitive parts of F(d) for the divisors d of n; their product is F(n). None for n = 0.
///
/// # Size
/// n up to 100,000; `None` above.
///
/// # Cost
/// As many products and quotients of Fibonacci numbers as n has divisors: some milliseconds for n = 10,000.
///
/// # Source
/// The primitive part is the product of F(d/k) over the squarefree divisors k of d, inverted where k has an odd
/// number of prime factors (J. Brillhart, P. L. Montgomery, R. D. Silverman, "Tables of Fibonacci and Lucas
/// factorizations", Mathematics of Computation 50, 1988).
///
/// # Example
/// ```
/// let factors = fibonacci::algebraic_factors(10).unwrap();
/// let values: Vec<String> = factors.iter().map(|factor| factor.value.to_string()).collect();
/// assert_eq!(values, ["1", "1", "5", "11"]); // F(10) = 55
/// ```
pub fn algebraic_factors(n: u32) -> Option<Vec<AlgebraicFactor>> {
    (n <= MAX_FACTOR_INDEX).then(|| primitive_parts(n, |_| true))
}

/// Returns the primitive parts of F(d) for the divisors d of 2n that do not divide n; their product is L(n) =
/// F(2n)/F(n). None for n = 0.
///
/// # Size
/// n up to 50,000; `None` above.
///
/// # Cost
/// As [`algebraic_factors`] for 2n.
///
/// # Example
/// ```
/// let factors = fibonacci::lucas_algebraic_factors(9).unwrap();
/// let parts: Vec<_> = factors.iter().map(|factor| (factor.divisor, factor.value.to_string())).collect();
/// assert_eq!(parts, [(2, "1".into()), (6, "4".into()), (18, "19".into())]); // L(9) = 76
/// ```
pub fn lucas_algebraic_factors(n: u32) -> Option<Vec<AlgebraicFactor>> {
    let doubled = n.checked_mul(2).filter(|&doubled| doubled <= MAX_FACTOR_INDEX)?;
    Some(primitive_parts(doubled, |divisor| !n.is_multiple_of(divisor)))
}

fn primitive_parts(n: u32, is_included: impl Fn(u32) -> bool) -> Vec<AlgebraicFactor> {
    let included = divisors(n.into()).into_iter().map(|divisor| divisor as u32).filter(|&divisor| is_included(divisor));
    included.map(|divisor| AlgebraicFactor { divisor, value: primitive_part(divisor) }).collect()
}

/// Returns the two Aurifeuillian factors of L(5n)/L(n) for odd n, the smaller first; `None` for even n or n > 100,000.
///
/// # Source
/// L(5n) = L(n)·(5F(n)² − 5F(n) + 1)·(5F(n)² + 5F(n) + 1) for odd n (É. Lucas; Brillhart, Montgomery, Silverman).
///
/// # Example
/// ```
/// // L(15) = 1364 = L(3)·11·31
/// assert_eq!(fibonacci::aurifeuillian_factors(3), Some((11_u8.into(), 31_u8.into())));
/// ```
pub fn aurifeuillian_factors(n: u32) -> Option<(UBig, UBig)> {
    if n.is_multiple_of(2) || n > MAX_FACTOR_INDEX {
        return None;
    }
    let value = pair(n).0;
    let square = value.sqr() * 5_u8 + UBig::ONE;
    let middle = value * 5_u8;
    Some((&square - &middle, square + middle))
}

fn primitive_part(n: u32) -> UBig {
    let primes: Vec<u32> = factorize(n.into()).into_iter().map(|(prime, _)| prime as u32).collect();
    let (mut numerator, mut denominator) = (UBig::ONE, UBig::ONE);
    for subset in 0_u32..1 << primes.len() {
        let chosen = primes.iter().enumerate().filter(|(place, _)| (subset >> place) & 1 == 1);
        let product: u32 = chosen.map(|(_, prime)| prime).product();
        let value = pair(n / product).0;
        if subset.count_ones() % 2 == 0 {
            numerator *= value;
        } else {
            denominator *= value;
        }
    }
    numerator / denominator
}
