//! Products of decimal numbers, by columns when short and by transform when long.
//!
//! A number is a slice of limbs of 18 decimal digits, the lowest first. For a transform each limb is
//! cut into 3 *points* of 6 digits, or into 6 of 3 digits when the numbers are very long.
//!
//! # Exactness
//! A coefficient of a product of numbers of at most N points below B is at most N·(B − 1)², and it is
//! recovered exactly from its residue modulo p while that is below p. [`Cut::fitting`] chooses B by
//! this bound: B = 10⁶ to N = 18,446,780 (110 million digits), B = 10³ beyond, which lasts for longer
//! numbers than there are transforms.

use crate::Error;
use crate::control::Meter;
use crate::field::P;

/// 10¹⁸: a limb holds 18 decimal digits.
pub(crate) const LIMB: u64 = 1_000_000_000_000_000_000;
/// Decimal digits in a limb.
pub(crate) const LIMB_DIGITS: u64 = 18;

/// The longest operand of a [`columns`] product, in limbs.
///
/// A column of so many products below 10³⁶ and the carry, below 2¹²⁸/10¹⁸ < 10²¹, fit 128 bits.
pub(crate) const MAX_COLUMNS: usize = 340;
const _: () = assert!(
    (MAX_COLUMNS as u128) * (LIMB as u128 - 1) * (LIMB as u128 - 1) < u128::MAX - 1_000 * LIMB as u128
);

/// Limbs between two looks at the meter in linear passes.
pub(crate) const STRIDE: usize = 1 << 14;

/// How limbs are cut into points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// 3 points of 6 digits.
    Sixes,
    /// 6 points of 3 digits.
    Threes,
}

impl Cut {
    /// The longest points with which a product of two numbers of `digits` digits each is exact.
    pub(crate) fn fitting(digits: u64) -> Self {
        let sixes = u128::from(digits.div_ceil(6));
        if sixes * 999_999 * 999_999 < u128::from(P) {
            Cut::Sixes
        } else {
            Cut::Threes
        }
    }

    pub(crate) fn points(self, digits: u64) -> u64 {
        match self {
            Cut::Sixes => digits.div_ceil(6),
            Cut::Threes => digits.div_ceil(3),
        }
    }

    /// Replaces `points` by those of the number, followed by zeros up to `length`. Reserves nothing:
    /// `points` has the capacity, and the number has no points beyond `length` but zeros.
    pub(crate) fn cut(
        self,
        limbs: &[u64],
        points: &mut Vec<u64>,
        length: usize,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        debug_assert!(points.capacity() >= length);
        points.clear();
        for limbs in limbs.chunks(STRIDE) {
            for &limb in limbs {
                let room = length - points.len();
                match self {
                    Cut::Sixes => extend(points, cut_limb::<3>(limb), room),
                    Cut::Threes => extend(points, cut_limb::<6>(limb), room),
                }
            }
            meter.advance(CUT_UNITS * limbs.len() as u64)?;
        }
        while points.len() < length {
            let filled = length.min(points.len() + 3 * STRIDE);
            points.resize(filled, 0);
            meter.look()?;
        }
        Ok(())
    }
}

/// Work of cutting one limb into points, in [`Meter`] units.
pub(crate) const CUT_UNITS: u64 = 12;

#[inline(always)]
fn extend<const POINTS: usize>(points: &mut Vec<u64>, cut: [u64; POINTS], room: usize) {
    debug_assert!(cut.iter().skip(room).all(|&point| point == 0));
    points.extend_from_slice(&cut[..POINTS.min(room)]);
}

#[inline(always)]
fn cut_limb<const POINTS: usize>(mut limb: u64) -> [u64; POINTS] {
    let base = 10_u64.pow(LIMB_DIGITS as u32 / POINTS as u32);
    let mut points = [0; POINTS];
    for point in &mut points {
        *point = limb % base;
        limb /= base;
    }
    points
}

/// The limbs of Σ pointsᵢ·Bⁱ, the lowest first and without end.
///
/// `POINTS` is the number of points in a limb; points are below p and at most N·B², see the module.
pub(crate) struct Carried<'a, const POINTS: usize> {
    points: &'a [u64],
    carry: u64,
}

impl<'a, const POINTS: usize> Carried<'a, POINTS> {
    pub(crate) fn new(points: &'a [u64]) -> Self {
        Carried { points, carry: 0 }
    }
}

impl<const POINTS: usize> Iterator for Carried<'_, POINTS> {
    type Item = u64;

    #[inline(always)]
    fn next(&mut self) -> Option<u64> {
        let base = 10_u64.pow(LIMB_DIGITS as u32 / POINTS as u32);
        let mut points = [0; POINTS];
        if let Some((first, rest)) = self.points.split_first_chunk::<POINTS>() {
            points = *first;
            self.points = rest;
        } else {
            points[..self.points.len()].copy_from_slice(self.points);
            self.points = &[];
        }
        let mut sum = 0_u128;
        for &point in points.iter().rev() {
            sum = sum * u128::from(base) + u128::from(point);
        }
        let (carry, limb) = divide_by_limb(sum + u128::from(self.carry));
        self.carry = carry;
        Some(limb)
    }
}

/// Quotient and remainder of x / 10¹⁸ for x < 2¹²³.
///
/// The points of a limb are at most 2⁶⁴ each with B = 10⁶ and N·10⁶ < 2⁵⁵ with B = 10³, so their sum,
/// with the carry, is below 2⁶⁴·10¹² · 1.1 or 2⁵⁵·10¹⁵ · 1.1: both below 2¹⁰⁵.
#[inline(always)]
fn divide_by_limb(x: u128) -> (u64, u64) {
    // ⌊2⁵⁹·2⁶⁴/10¹⁸⌋. Dropping the low 59 bits of x lowers the quotient by less than 2⁵⁹/10¹⁸ < 0.58
    // and rounding the reciprocal down by less than 2⁻¹⁸ for x < 2¹⁰⁵: together it is at most 1 too low.
    const RECIPROCAL: u64 = ((1_u128 << 123) / LIMB as u128) as u64;
    debug_assert!(x >> 105 == 0);
    let quotient = (((x >> 59) * u128::from(RECIPROCAL)) >> 64) as u64;
    let remainder = (x as u64).wrapping_sub(quotient.wrapping_mul(LIMB));
    if remainder >= LIMB {
        (quotient + 1, remainder - LIMB)
    } else {
        (quotient, remainder)
    }
}

/// The product of two short numbers, its low limbs as far as `product` reaches.
///
/// Schoolbook by columns: one division for each limb of the product. One of the operands must have at
/// most [`MAX_COLUMNS`] limbs.
pub(crate) fn columns(x: &[u64], y: &[u64], product: &mut [u64]) {
    debug_assert!(x.len().min(y.len()) <= MAX_COLUMNS);
    let mut carry = 0_u128;
    for (column, limb) in product.iter_mut().enumerate() {
        let first = (column + 1).saturating_sub(y.len());
        let last = x.len().min(column + 1);
        let mut sum = carry;
        if first < last {
            let low = &x[first..last];
            let high = &y[column + 1 - last..column + 1 - first];
            for (&a, &b) in low.iter().zip(high.iter().rev()) {
                sum += u128::from(a) * u128::from(b);
            }
        }
        carry = sum / u128::from(LIMB);
        *limb = (sum % u128::from(LIMB)) as u64;
    }
}

/// A signed sum of a few limbs as a limb and a small carry.
#[inline(always)]
pub(crate) fn carry_signed(sum: i64) -> (u64, i64) {
    const SIGNED: i64 = LIMB as i64;
    (sum.rem_euclid(SIGNED) as u64, sum.div_euclid(SIGNED))
}
