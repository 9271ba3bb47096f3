//! Decimal places of φ.

use dashu_int::UBig;
use dashu_int::ops::SquareRoot;

/// The most decimal places of φ that are computed.
pub const MAX_PHI_DIGITS: u32 = 1_000_000;

/// Returns φ = 1.618… with the given number of decimal places, cut off and not rounded; at most [`MAX_PHI_DIGITS`].
///
/// # Cost
/// A square root of twice as many digits, see [`price::phi_digits`](crate::price::phi_digits).
///
/// # Source
/// φ = (1 + √5)/2, with the integer part of the root of 5·10^2k.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::phi_digits(20), "1.61803398874989484820");
/// assert_eq!(fibonacci::phi_digits(0), "1");
/// ```
pub fn phi_digits(places: u32) -> String {
    let scale = UBig::from(10_u8).pow(places.min(MAX_PHI_DIGITS) as usize);
    let doubled = &scale + (scale.sqr() * 5_u8).sqrt();
    with_point(&(doubled >> 1).to_string())
}

/// Puts a point after the first digit.
pub(super) fn with_point(digits: &str) -> String {
    match digits.split_at(1) {
        (whole, "") => whole.to_owned(),
        (whole, places) => format!("{whole}.{places}"),
    }
}
