//! Limbs cut into the points of a transform, and points carried back into limbs.
//!
//! Each limb is cut into 3 *points* of 6 digits, or into 6 of 3 digits when the numbers are very long.
//!
//! # Exactness
//! A coefficient of a product of numbers of at most N points below B is at most N·(B − 1)², and it is
//! recovered exactly from its residue modulo p while that is below p. [`Cut::fitting`] chooses B by
//! this bound: B = 10⁶ to N = 18,446,780 (110 million digits), B = 10³ beyond, which lasts for longer
//! numbers than there are transforms.

use crate::Error;
use crate::control::Meter;
use crate::goldilocks::field::P;
use crate::limbs::{LIMB_DIGITS, divide_by_limb};

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
        if sixes * 999_999 * 999_999 < u128::from(P) { Cut::Sixes } else { Cut::Threes }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Control;
    use crate::goldilocks::transform::{MIN_LENGTH, Transform, blocks, length_for};
    use crate::limbs::columns;
    use crate::limbs::tests::{big, limbs, nines, product_of_nines};

    const BOTH: [Cut; 2] = [Cut::Sixes, Cut::Threes];

    fn by_transform(x: &[u64], y: &[u64], cut: Cut, length: u64) -> Vec<u64> {
        let mut meter = Meter::new(Control::none(), 1);
        let mut points = |limbs| {
            let mut points = Vec::with_capacity(length as usize);
            cut.cut(limbs, &mut points, length as usize, &mut meter).unwrap();
            points
        };
        let (mut px, mut py) = (points(x), points(y));
        let transform = Transform::reserve(blocks(length)).unwrap();
        if x == y {
            transform.square(&mut px, &mut meter).unwrap();
        } else {
            transform.multiply(&mut px, &mut py, &mut meter).unwrap();
        }
        let limbs = x.len() + y.len();
        match cut {
            Cut::Sixes => Carried::<3>::new(&px).take(limbs).collect(),
            Cut::Threes => Carried::<6>::new(&px).take(limbs).collect(),
        }
    }

    fn lengths(longest: u64) -> impl Iterator<Item = u64> {
        (0..).map(|k| MIN_LENGTH << k).flat_map(|power| [power, 3 * power]).take_while(move |&length| length <= longest)
    }

    #[test]
    fn nines_are_squared_exactly_up_to_the_end_of_every_length() {
        for length in lengths(3 << 16) {
            for cut in BOTH {
                let digits_in_point = if cut == Cut::Sixes { 6 } else { 3 };
                for points in [length / 2 + length % 2, length.div_ceil(2) - 1] {
                    let digits = points * digits_in_point;
                    let limbs = digits.div_ceil(LIMB_DIGITS) as usize;
                    let x = nines(digits, limbs);
                    assert_eq!(
                        by_transform(&x, &x, cut, length),
                        product_of_nines(digits, digits, 2 * limbs),
                        "{points} points in a transform of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn nines_are_multiplied_exactly_in_every_length() {
        for length in lengths(3 << 14) {
            let (d, e) = (6 * (length / 2) - 1, 6 * (length / 2) - 7);
            let limbs = d.div_ceil(LIMB_DIGITS) as usize;
            let product = by_transform(&nines(d, limbs), &nines(e, limbs), Cut::Sixes, length);
            assert_eq!(product, product_of_nines(d, e, 2 * limbs), "a transform of {length}");
        }
    }

    #[test]
    fn points_are_as_long_as_the_bound_allows_and_no_longer() {
        let longest = 6 * 18_446_780;
        assert_eq!(Cut::fitting(longest), Cut::Sixes);
        assert_eq!(Cut::fitting(longest + 1), Cut::Threes);
        let largest = |points: u128, base: u128| points * (base - 1) * (base - 1);
        assert!(largest(18_446_780, 1_000_000) < u128::from(P));
        assert!(largest(18_446_781, 1_000_000) >= u128::from(P));
        assert!(largest(3 << 34, 1_000) < u128::from(P));
    }

    proptest! {
        #[test]
        fn columns_and_transforms_give_the_products_of_num_bigint(x in limbs(1..60), y in limbs(1..60)) {
            let mut product = vec![0; x.len() + y.len()];
            columns(&x, &y, &mut product);
            prop_assert_eq!(big(&product), big(&x) * big(&y));
            for (cut, points) in [(Cut::Sixes, 3), (Cut::Threes, 6)] {
                let length = length_for(points * product.len() as u64);
                prop_assert_eq!(&by_transform(&x, &y, cut, length), &product);
                let square = by_transform(&x, &x, cut, 2 * length);
                prop_assert_eq!(big(&square), big(&x) * big(&x));
            }
        }

    }
}
