//! The powers of 2, 3 and 5 that divide F(n).

use dashu_int::{IBig, UBig};

use super::split;

/// Returns whether F(n) is even, which holds where 3 divides n.
///
/// # Example
/// ```
/// assert!(fibonacci::is_even(-9)); // F(−9) = 34
/// assert!(!fibonacci::is_even(10)); // F(10) = 55
/// ```
pub fn is_even(n: impl Into<IBig>) -> bool {
    split(n).1 % 3_u8 == 0
}

/// Returns the exponent of 2 in F(n); `None` for F(0) = 0, which every power divides.
///
/// # Cost
/// Below a microsecond for a 64-bit n; a division of n by a small number for each factor found in it.
///
/// # Source
/// T. Lengyel, "The order of the Fibonacci and Lucas numbers", Fibonacci Quarterly 33 (1995): 0 unless 3 divides n,
/// 1 for odd multiples of 3, else the exponent of 2 in n and 2 more.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::valuation_of_2(12), Some(4)); // F(12) = 144 = 2⁴·3²
/// assert_eq!(fibonacci::valuation_of_2(0), None);
/// ```
pub fn valuation_of_2(n: impl Into<IBig>) -> Option<u64> {
    let (_, n) = split(n);
    let exponent = n.trailing_zeros()? as u64;
    Some(match (n % 3_u8, exponent) {
        (0, 0) => 1,
        (0, exponent) => exponent + 2,
        _ => 0,
    })
}

/// Returns the exponent of 3 in F(n): 0 unless 4 divides n, else that of 3 in n and 1 more; `None` for F(0) = 0.
///
/// Cost and source are those of [`valuation_of_2`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::valuation_of_3(12), Some(2));
/// ```
pub fn valuation_of_3(n: impl Into<IBig>) -> Option<u64> {
    let (_, n) = split(n);
    let multiple = &n % 4_u8 == 0;
    let exponent = exponent_in(n, 3)?;
    Some(if multiple { exponent + 1 } else { 0 })
}

/// Returns the exponent of 5 in F(n), which is that of 5 in n; `None` for F(0) = 0.
///
/// Cost and source are those of [`valuation_of_2`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::valuation_of_5(25), Some(2)); // F(25) = 75025 = 5²·3001
/// ```
pub fn valuation_of_5(n: impl Into<IBig>) -> Option<u64> {
    exponent_in(split(n).1, 5)
}

/// Returns the exponent of p in n; `None` for 0.
fn exponent_in(mut n: UBig, p: u8) -> Option<u64> {
    // Removes p, p², p⁴ … as long as they divide, which takes few divisions of large numbers.
    n.remove(&p.into()).map(|exponent| exponent as u64)
}
