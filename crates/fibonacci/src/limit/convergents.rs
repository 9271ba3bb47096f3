//! Convergents of φ.

use dashu_int::UBig;

use super::phi::{phi_places, with_point};
use super::{MAX_PHI_DIGITS, phi_digits};
use crate::instant::pair;

/// A convergent of φ = [1; 1, 1, 1, …], F(k+2)/F(k+1) for the k-th from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convergent {
    /// F(k+2)
    pub numerator: UBig,
    /// F(k+1)
    pub denominator: UBig,
    /// Whether the convergent is above φ, which odd ones are.
    pub above: bool,
}

/// Returns the k-th convergent of φ: 1/1, 2/1, 3/2, 5/3, …
///
/// # Size
/// Two Fibonacci numbers, for k up to 65,535.
///
/// # Example
/// ```
/// let convergent = fibonacci::convergent(3);
/// assert_eq!((convergent.numerator, convergent.denominator), (5_u8.into(), 3_u8.into()));
/// ```
pub fn convergent(k: u16) -> Convergent {
    let (denominator, numerator) = pair(u32::from(k) + 1);
    Convergent { numerator, denominator, above: k % 2 == 1 }
}

/// Returns F(n+1)/F(n) with the given number of decimal places (at most [`MAX_PHI_DIGITS`]), cut off and not rounded; `None` for
/// n = 0.
///
/// # Cost
/// A division of that size for small n, and [`phi_digits`] where F(n) has more digits than are asked for.
///
/// # Source
/// F(n+1)/F(n) = φ ± ε with 0 < ε < 3/F(n)², below for odd n. Where that leaves the places as they are in φ, they are
/// those of φ; else the quotient is computed.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::ratio_digits(10, 6).as_deref(), Some("1.618181")); // 89/55
/// assert_eq!(fibonacci::ratio_digits(1_000_000, 6).as_deref(), Some("1.618033"));
/// assert_eq!(fibonacci::ratio_digits(0, 6), None);
/// ```
pub fn ratio_digits(n: u64, places: u32) -> Option<String> {
    let places = places.min(MAX_PHI_DIGITS);
    if n == 0 {
        return None;
    }
    let mut guard = 20;
    // F(n)² > 10^(0.4·n) / 6, so the difference is below one unit of the last place of the guard.
    while n / 5 * 2 > u64::from(places + guard) + 10 {
        let digits = phi_places(places + guard);
        // The digits shown stay if those after them are neither all 0 nor all 9.
        let (shown, tail) = digits.split_at(digits.len() - guard as usize);
        if tail.bytes().any(|digit| digit != b'0') && tail.bytes().any(|digit| digit != b'9') {
            return Some(with_point(shown));
        }
        guard *= 2;
    }
    quotient_digits(n, places)
}

/// Returns how many decimal places of F(n+1)/F(n) are those of φ; `None` for n = 0.
///
/// # Cost
/// Two numbers of 0.42·n digits, for n up to 100,000; above, the places are too many to show: `None` too.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::agreeing_places(10), Some(3)); // 1.618181… and 1.618033…
/// ```
pub fn agreeing_places(n: u64) -> Option<u32> {
    if n > 100_000 {
        return None;
    }
    // |F(n+1)/F(n) − φ| is more than 1/(3·F(n)²), so no more places than this can agree but for a carry.
    let places = u32::try_from(n / 100 * 42 + n % 100).ok()? + 30;
    let ratio = quotient_digits(n, places)?;
    let phi = phi_digits(places);
    let agreeing = ratio.bytes().zip(phi.bytes()).take_while(|(a, b)| a == b).count();
    Some((agreeing as u32).saturating_sub(2))
}

fn quotient_digits(n: u64, places: u32) -> Option<String> {
    let (current, next) = pair(u32::try_from(n).ok().filter(|&n| n > 0)?);
    Some(with_point(&(next * UBig::from(10_u8).pow(places as usize) / current).to_string()))
}
