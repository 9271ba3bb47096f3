//! Convergents of φ.

use dashu_int::UBig;

use super::phi::with_point;
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

/// Returns whether n is so large that F(n+1)/F(n) has the decimal places of φ, to that number of them. For smaller n it
/// may have them too, at most [`agreeing_places`].
///
/// # Source
/// No multiple r of 10⁻ᵈ is near φ: r² − r − 1 = (r − φ)(r − 1 + φ) is at least 10⁻²ᵈ, so |r − φ| > 10⁻²ᵈ/2.4. And
/// |F(n+1)/F(n) − φ| < 3/F(n)² < 18/10^(0.4·n). For n ≥ 5·(d + 1) that is less, so no such r is between the two.
///
/// # Example
/// ```
/// assert!(fibonacci::has_places_of_phi(55, 10));
/// assert!(!fibonacci::has_places_of_phi(54, 10));
/// ```
pub fn has_places_of_phi(n: u64, places: u64) -> bool {
    n / 5 > places
}

/// Returns F(n+1)/F(n) with the given number of decimal places (at most [`MAX_PHI_DIGITS`]), cut off and not rounded; `None` for
/// n = 0.
///
/// # Cost
/// That of [`phi_digits`] where [`has_places_of_phi`], and else of a quotient with that number of digits.
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
    if has_places_of_phi(n, places.into()) { Some(phi_digits(places)) } else { quotient_digits(n, places) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_has_the_places_of_phi_where_that_is_known_beforehand() {
        for places in 0..=600 {
            for n in (5 * (places + 1)..).take(4) {
                assert!(has_places_of_phi(n.into(), places.into()));
                assert_eq!(quotient_digits(n.into(), places), Some(phi_digits(places)), "n = {n}, {places} places");
            }
        }
    }
}
