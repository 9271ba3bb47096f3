//! The product of two decimal numbers of any length.

use crate::Error;
use crate::control::Meter;
use crate::goldilocks::doubling::reserve;
use crate::goldilocks::plan::{COLUMN_LIMBS, COMBINE_UNITS, Method};
use crate::goldilocks::points::{CUT_UNITS, Carried, Cut, STRIDE};
use crate::goldilocks::transform::{self, Transform};
use crate::limbs::{LIMB_DIGITS, columns};

/// The most limbs of a product: there are transforms for more, but no memory.
const MAX_LIMBS: u64 = 1 << 32;

/// Returns the limbs of x·y, without zeros at the top.
///
/// # Errors
/// [`Error::OutOfMemory`] and [`Error::Cancelled`].
pub(crate) fn multiply(x: &[u64], y: &[u64], meter: &mut Meter<'_>) -> Result<Vec<u64>, Error> {
    let limbs = x.len() + y.len();
    if limbs as u64 > MAX_LIMBS {
        return Err(refused(u64::MAX));
    }
    let mut product = reserved(limbs as u64)?;
    match method(x.len() as u64, y.len() as u64) {
        Method::Columns => {
            product.resize(limbs, 0);
            columns(x, y, &mut product);
            meter.advance(units(x.len() as u64, y.len() as u64, false))?;
        }
        Method::Transform { cut, length } => {
            let points = |limbs, meter: &mut Meter<'_>| {
                let mut points = reserved(length)?;
                cut.cut(limbs, &mut points, length as usize, meter)?;
                Ok(points)
            };
            let mut coefficients = points(x, meter)?;
            let transform = Transform::reserve(transform::blocks(length)).map_err(|_| refused(length))?;
            if std::ptr::eq(x, y) {
                transform.square(&mut coefficients, meter)?;
            } else {
                transform.multiply(&mut coefficients, &mut points(y, meter)?, meter)?;
            }
            match cut {
                Cut::Sixes => carry(Carried::<3>::new(&coefficients), &mut product, limbs, meter)?,
                Cut::Threes => carry(Carried::<6>::new(&coefficients), &mut product, limbs, meter)?,
            }
        }
    }
    while product.last() == Some(&0) {
        product.pop();
    }
    Ok(product)
}

/// The work of a product, or of a square, in [`Meter`] units.
pub(crate) fn units(x_limbs: u64, y_limbs: u64, is_square: bool) -> u64 {
    let limbs = x_limbs.saturating_add(y_limbs);
    if limbs > MAX_LIMBS {
        return u64::MAX;
    }
    let products = match method(x_limbs, y_limbs) {
        Method::Columns => x_limbs * y_limbs,
        Method::Transform { length, .. } if is_square => transform::square_units(length) + CUT_UNITS * x_limbs,
        Method::Transform { length, .. } => transform::multiply_units(length) + CUT_UNITS * limbs,
    };
    products + COMBINE_UNITS * limbs
}

/// The memory that a square takes, itself included.
pub(crate) fn square_bytes(limbs: u64) -> u64 {
    if limbs > MAX_LIMBS / 2 {
        return u64::MAX;
    }
    let points = match method(limbs, limbs) {
        Method::Columns => 0,
        Method::Transform { length, .. } => 8 * length + Transform::bytes(transform::blocks(length)),
    };
    points + 16 * limbs
}

fn method(x_limbs: u64, y_limbs: u64) -> Method {
    if x_limbs.min(y_limbs) <= COLUMN_LIMBS {
        return Method::Columns;
    }
    let (x_digits, y_digits) = (LIMB_DIGITS * x_limbs, LIMB_DIGITS * y_limbs);
    let cut = Cut::fitting(x_digits.max(y_digits));
    Method::Transform { cut, length: transform::length_for(cut.points(x_digits) + cut.points(y_digits) - 1) }
}

fn carry(
    mut carried: impl Iterator<Item = u64>,
    product: &mut Vec<u64>,
    limbs: usize,
    meter: &mut Meter<'_>,
) -> Result<(), Error> {
    while product.len() < limbs {
        let stride = STRIDE.min(limbs - product.len());
        product.extend(carried.by_ref().take(stride));
        meter.advance(COMBINE_UNITS * stride as u64)?;
    }
    Ok(())
}

fn reserved(words: u64) -> Result<Vec<u64>, Error> {
    reserve(words).map_err(|_| refused(words))
}

fn refused(words: u64) -> Error {
    Error::OutOfMemory { needed_bytes: words.saturating_mul(8) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Control;
    use crate::limbs::tests::{big, limbs};

    fn product(x: &[u64], y: &[u64]) -> Vec<u64> {
        multiply(x, y, &mut Meter::new(Control::none(), 1)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn products_of_all_lengths_are_right(x in limbs(0..700), y in limbs(0..700)) {
            prop_assert_eq!(big(&product(&x, &y)), big(&x) * big(&y));
            prop_assert_eq!(big(&product(&x, &x)), big(&x) * big(&x));
        }
    }

    #[test]
    fn a_product_has_no_zeros_at_the_top() {
        assert_eq!(product(&[], &[1]), []);
        assert_eq!(product(&[2], &[3]), [6]);
        assert_eq!(product(&[0, 1], &[0, 1]), [0, 0, 1]);
    }
}
