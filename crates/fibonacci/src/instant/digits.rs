//! The number of digits of F(n), the first and the last ones.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};

use super::residue::residue_of;
use super::{leading, split};

/// Returns the number of decimal digits of F(n), without a sign; 1 for F(0) = 0.
///
/// # Cost
/// Nanoseconds for a 64-bit n, and see [`price::digit_count`](crate::price::digit_count): 0.1 ms for n = 10^1000.
///
/// # Source
/// ⌊n·log₁₀ φ − log₁₀ √5⌋ + 1, with the logarithms enclosed between bounds that are made tighter until they
/// agree. They do in the end: no F(n) beyond F(2) is a power of ten (Carmichael: F(n) has a prime factor of its own).
///
/// # Example
/// ```
/// use fibonacci::{IBig, digit_count};
/// assert_eq!(digit_count(100_000_000).to_string(), "20898764");
/// assert_eq!(digit_count(i64::MAX).to_string(), "1927570757129919482");
/// let googol = IBig::from(10).pow(100);
/// assert!(digit_count(googol).to_string().starts_with("20898764024997873376927208923755541682245923991821"));
/// ```
pub fn digit_count(n: impl Into<IBig>) -> UBig {
    let (_, n) = split(n);
    match u64::try_from(&n) {
        Ok(n) => digit_count_of_word(n).into(),
        Err(_) => leading::length(&n),
    }
}

/// Returns the k highest decimal digits of |F(n)|, or all if it has no more. Each is proven, none is rounded.
///
/// # Size
/// k ≤ 65,535, any n.
///
/// # Cost
/// See [`price::first_digits`](crate::price::first_digits): 20 µs for 20 digits of a 64-bit n, 0.2 ms for those of
/// n = 10^1000.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::first_digits(1_000_000, 10), "1953282128");
/// assert_eq!(fibonacci::first_digits(-12, 10), "144");
/// ```
pub fn first_digits(n: impl Into<IBig>, k: u16) -> String {
    leading::leading(&split(n).1, k.into()).1
}

/// Returns the k lowest decimal digits of |F(n)|, zeros in front included, or all if it has no more.
///
/// # Size
/// k ≤ 65,535, any n.
///
/// # Cost
/// See [`price::last_digits`](crate::price::last_digits): 20 µs for 20 digits of any n to 10^1000.
///
/// # Source
/// F(n) modulo 10ᵏ, with n modulo the period of that: 60, 300, then 15·10^(k−1) (D. D. Wall, "Fibonacci series modulo m",
/// American Mathematical Monthly 67, 1960).
///
/// # Example
/// ```
/// assert_eq!(fibonacci::last_digits(1_000_000, 10), "8242546875");
/// assert_eq!(fibonacci::last_digits(300, 4), "9600");
/// assert_eq!(fibonacci::last_digits(-12, 10), "144");
/// ```
pub fn last_digits(n: impl Into<IBig>, k: u16) -> String {
    let (_, n) = split(n);
    let count = match u32::try_from(&n) {
        // `k` fits, so what is smaller does.
        Ok(n) => digit_count_of_word(n.into()).min(k.into()) as usize,
        Err(_) => k.into(),
    };
    if count == 0 {
        return String::new();
    }
    let scale = UBig::from(10_u8).pow(count);
    let period = match count {
        1 => UBig::from(60_u8),
        2 => UBig::from(300_u16),
        _ => &scale / 10_u8 * 15_u8,
    };
    let residue = residue_of(&(n % period), &scale).to_string();
    format!("{residue:0>count$}")
}

/// Returns the number of digits of F(n) for a 64-bit n.
pub(crate) fn digit_count_of_word(n: u64) -> u64 {
    // F(0), F(1) and F(2) are below 10, and the last two are the only powers of ten.
    if n < 7 {
        return 1;
    }
    // n·log₁₀ φ, 128 bits after the point: below the true one by less than n/2¹²⁸.
    let low_product = u128::from(LOG_PHI as u64) * u128::from(n);
    let high_product = (LOG_PHI >> 64) * u128::from(n) + (low_product >> 64);
    let (whole, fraction) = ((high_product >> 64) as u64, (high_product << 64) | u128::from(low_product as u64));
    let (floor, fraction) = match fraction.checked_sub(LOG_SQRT5) {
        Some(fraction) => (whole, fraction),
        None => (whole - 1, fraction.wrapping_sub(LOG_SQRT5)),
    };
    // Both constants are rounded down, by less than 2⁻¹²⁸ and times n; 2⁻ⁿ is below that too from `SMALL` on.
    if n < SMALL || !(MARGIN..u128::MAX - MARGIN).contains(&fraction) {
        let length = leading::length(&n.into());
        debug_assert!(length.bit_len() <= 64);
        return u64::try_from(length).unwrap_or(u64::MAX);
    }
    floor + 1
}

/// ⌊log₁₀ φ·2¹²⁸⌋ and ⌊log₁₀ √5·2¹²⁸⌋
const LOG_PHI: u128 = 71_114_808_881_484_351_271_343_921_242_603_624_949;
const LOG_SQRT5: u128 = 118_923_583_741_099_549_856_681_249_090_832_489_377;

/// An upper bound of the fraction's error, in units of 2⁻¹²⁸.
const MARGIN: u128 = 1 << 66;
/// From here on φ^−2n is below `MARGIN`.
const SMALL: u64 = 64;
