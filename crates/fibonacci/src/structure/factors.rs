//! Algebraic factors of F(n) and L(n), that need no factorization of the value.

use dashu_int::UBig;

use super::divisors;
use crate::factorize;
use crate::instant::pair;

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
    if n > MAX_INDEX {
        return None;
    }
    let of_divisor = |divisor: u128| {
        let divisor = divisor as u32;
        AlgebraicFactor { divisor, value: primitive_part(divisor) }
    };
    Some(divisors(n.into()).into_iter().map(of_divisor).collect())
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
    if n.is_multiple_of(2) || n > MAX_INDEX {
        return None;
    }
    let value = pair(n).0;
    let square = value.sqr() * 5_u8 + UBig::ONE;
    let middle = value * 5_u8;
    Some((&square - &middle, square + middle))
}

const MAX_INDEX: u32 = 100_000;

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
