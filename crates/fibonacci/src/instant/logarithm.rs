//! Logarithms and the exponential function in fixed point, between proven bounds.
//!
//! An [`Enclosure`] holds two integers; the number lies between them, both divided by 2 to the power of the
//! precision. Lower bounds are rounded down and upper bounds up, so each result holds whatever the precision is;
//! more bits make it tighter.

use dashu_int::UBig;
use dashu_int::ops::SquareRoot;

/// Bounds of a number ≥ 0, as multiples of 2 to the power of −precision.
#[derive(Debug, Clone)]
pub(super) struct Enclosure {
    pub(super) low: UBig,
    pub(super) high: UBig,
}

/// Logarithms to base 10 that describe F(n), and ln 10.
#[derive(Debug, Clone)]
pub(super) struct Constants {
    /// log₁₀ φ
    pub(super) log_phi: Enclosure,
    /// log₁₀ √5
    pub(super) log_sqrt5: Enclosure,
    /// ln 10
    pub(super) ln_10: Enclosure,
}

impl Constants {
    /// Computes them with the given number of bits after the point.
    ///
    /// # Source
    /// ln φ = artanh(1/√5), from (√5 + 1)/(√5 − 1) = φ². With A, B, C = artanh of 1/31, 1/49, 1/161,
    /// ln 2 = 14A + 10B + 6C and ln 5 = 32A + 24B + 14C (Gauss; exact identities of rational numbers).
    pub(super) fn new(precision: usize) -> Self {
        let [a, b, c] = [31_u32, 49, 161].map(|q| odd_series(q * q, precision).times(q));
        let combined = |x: u32, y: u32, z: u32| a.times(x).plus(&b.times(y)).plus(&c.times(z));
        let ln_10 = combined(46, 34, 20);
        let ln_5 = combined(32, 24, 14);
        let root = (UBig::from(5_u8) << (2 * precision)).sqrt();
        let sqrt5 = Enclosure { high: &root + UBig::ONE, low: root };
        let ln_phi = sqrt5.product(&odd_series(5, precision), precision);
        Constants {
            log_phi: ln_phi.quotient(&ln_10, precision),
            // ½·log₁₀ 5
            log_sqrt5: ln_5.quotient(&ln_10, precision - 1),
            ln_10,
        }
    }
}

impl Enclosure {
    /// The product with a whole number.
    pub(super) fn times(&self, factor: impl Into<UBig>) -> Self {
        let factor = factor.into();
        Enclosure { low: &self.low * &factor, high: &self.high * factor }
    }

    fn plus(&self, other: &Self) -> Self {
        Enclosure { low: &self.low + &other.low, high: &self.high + &other.high }
    }

    pub(super) fn product(&self, other: &Self, precision: usize) -> Self {
        Enclosure {
            low: (&self.low * &other.low) >> precision,
            high: ((&self.high * &other.high) >> precision) + UBig::ONE,
        }
    }

    /// Bounds of self·2^scale / divisor.
    fn quotient(&self, divisor: &Self, scale: usize) -> Self {
        Enclosure { low: (&self.low << scale) / &divisor.high, high: (&self.high << scale) / &divisor.low + UBig::ONE }
    }

    /// Returns the number with fewer bits after the point.
    pub(super) fn rounded(&self, dropped: usize) -> Self {
        Enclosure { low: &self.low >> dropped, high: (&self.high >> dropped) + UBig::ONE }
    }
}

/// Bounds of Σ 1/((2k+1)·q^(k+1)) over k ≥ 0, for q ≥ 4.
fn odd_series(q: u32, precision: usize) -> Enclosure {
    // q^terms ≥ 2^precision, and what follows those terms is below 1/q^terms.
    let terms = precision as u64 / u64::from(q.ilog2()) + 1;
    let sum = split(0, terms, q);
    let low = (sum.numerator << precision) / (sum.divisor * sum.power);
    Enclosure { high: &low + UBig::from(2_u8), low }
}

/// A part of the series: numerator / (divisor · power).
struct Part {
    numerator: UBig,
    divisor: UBig,
    power: UBig,
}

/// Σ 1/((2k+1)·q^(k+1−start)) over k in start..end, by splitting in halves.
fn split(start: u64, end: u64, q: u32) -> Part {
    if end - start == 1 {
        return Part { numerator: UBig::ONE, divisor: UBig::from(2 * start + 1), power: UBig::from(q) };
    }
    let middle = start.midpoint(end);
    let (left, right) = (split(start, middle, q), split(middle, end, q));
    Part {
        numerator: left.numerator * &right.divisor * &right.power + &left.divisor * right.numerator,
        divisor: left.divisor * right.divisor,
        power: left.power * right.power,
    }
}

/// Bounds of e^x for bounds of x in 0 ≤ x < 4.
///
/// # Source
/// e^x = (e^(x/2ʳ))^(2ʳ), and Taylor's series for the small power: r and the number of terms are both about the
/// square root of the precision.
pub(super) fn exponential(x: &Enclosure, precision: usize) -> Enclosure {
    let halvings = precision.isqrt() / 2 + 4;
    // Each squaring doubles the relative error, and the terms add some.
    let inner = precision + 2 * halvings + 32;
    let scaled = |bound: &UBig| (bound << (inner - precision)) >> halvings;
    let small = scaled(&x.low);
    let uncertainty = scaled(&x.high) + UBig::ONE - &small;
    let mut term = UBig::ONE << inner;
    let mut low = term.clone();
    let mut count = 0_u32;
    while !term.is_zero() {
        count += 1;
        term = ((&term * &small) >> inner) / count;
        low += &term;
    }
    // Every term is rounded down by less than 3, the terms left out sum to less than 3, and for small y e^(x+y)
    // is at most (1 + 2y)·e^x, and e^x < 2 as x ≤ 1/4.
    let mut width = UBig::from(3 * count + 3) + (uncertainty << 2);
    for _ in 0..halvings {
        // (low + width)² − low², rounded up.
        width = ((((&low * &width) << 1) + width.sqr()) >> inner) + UBig::from(2_u8);
        low = low.sqr() >> inner;
    }
    let high = ((&low + width) >> (inner - precision)) + UBig::ONE;
    Enclosure { low: low >> (inner - precision), high }
}
