//! k-bonacci numbers, of which each is the sum of the k before.
//!
//! x^n modulo x^k − x^(k−1) − … − 1 has T(n) as its coefficient of x^(k−1), as T is 0 at 0, …, k−2 and 1 at k−1.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};

use super::ring::{Integers, Residues, Ring, divisor};
use super::{MAX_VALUE_BITS, SequenceError, split};

/// The most terms that are added.
pub const MAX_ORDER: u32 = 64;

/// Returns the k-bonacci number T(n) with k − 1 zeros before the first 1: T(0) = … = T(k−2) = 0, T(k−1) = 1.
///
/// k = 2 gives Fibonacci numbers, 3 tribonacci numbers (A000073). Negative n go on backwards.
///
/// # Cost
/// 2k² multiplications for each bit of n; see [`price::kbonacci`](crate::price::kbonacci).
///
/// # Errors
/// [`SequenceError::Order`] and [`SequenceError::TooLarge`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::kbonacci(3, 10)?, 81.into());
/// assert_eq!(fibonacci::kbonacci(2, -8)?, (-21).into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn kbonacci(k: u32, n: impl Into<IBig>) -> Result<IBig, SequenceError> {
    let n = n.into();
    check_order(k)?;
    // T(n) < 2^n forwards; backwards the roots are below 2 in magnitude when inverted, too.
    if n.clone().into_parts().1 > UBig::from(MAX_VALUE_BITS) {
        return Err(SequenceError::TooLarge);
    }
    Ok(highest_coefficient(&Integers, k as usize, n))
}

/// Returns the k-bonacci number T(n) modulo m, in 0..m, for any n.
///
/// # Errors
/// [`SequenceError::Order`] and [`SequenceError::ZeroModulus`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::kbonacci_modulo(3, 10, &7_u8.into())?, 4_u8.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn kbonacci_modulo(k: u32, n: impl Into<IBig>, m: &UBig) -> Result<UBig, SequenceError> {
    check_order(k)?;
    let divisor = divisor(m).ok_or(SequenceError::ZeroModulus)?;
    Ok(highest_coefficient(&Residues::new(&divisor), k as usize, n.into()).residue())
}

pub(super) fn check_order(k: u32) -> Result<(), SequenceError> {
    if (2..=MAX_ORDER).contains(&k) { Ok(()) } else { Err(SequenceError::Order { given: k }) }
}

/// The coefficient of x^(k−1) in x^n.
pub(super) fn highest_coefficient<R: Ring>(ring: &R, k: usize, n: IBig) -> R::Element {
    let (negative, n) = split(n);
    let (zero, one) = (ring.element(&IBig::ZERO), ring.element(&IBig::ONE));
    let mut power = vec![zero.clone(); k];
    power[0] = one.clone();
    for place in (0..n.bit_len()).rev() {
        power = square(ring, &power);
        if n.bit(place) {
            if negative { divide_by_x(ring, &mut power) } else { multiply_by_x(ring, &mut power) }
        }
    }
    power[k - 1].clone()
}

fn square<R: Ring>(ring: &R, x: &[R::Element]) -> Vec<R::Element> {
    let k = x.len();
    let mut product = vec![ring.element(&IBig::ZERO); 2 * k - 1];
    for (i, a) in x.iter().enumerate() {
        product[2 * i] = ring.add(&product[2 * i], &ring.multiply(a, a));
        for (j, b) in x.iter().enumerate().skip(i + 1) {
            let twice = ring.multiply(a, b);
            product[i + j] = ring.add(&product[i + j], &ring.add(&twice, &twice));
        }
    }
    // x^j = x^(j−1) + … + x^(j−k) for j ≥ k.
    for j in (k..2 * k - 1).rev() {
        let high = product.pop().unwrap_or_else(|| ring.element(&IBig::ZERO));
        for low in &mut product[j - k..j] {
            *low = ring.add(low, &high);
        }
    }
    product
}

fn multiply_by_x<R: Ring>(ring: &R, x: &mut [R::Element]) {
    let k = x.len();
    x.rotate_right(1);
    let high = std::mem::replace(&mut x[0], ring.element(&IBig::ZERO));
    for low in &mut x[..k] {
        *low = ring.add(low, &high);
    }
}

/// 1/x = x^(k−1) − x^(k−2) − … − 1.
fn divide_by_x<R: Ring>(ring: &R, x: &mut [R::Element]) {
    let k = x.len();
    x.rotate_left(1);
    let low = std::mem::replace(&mut x[k - 1], ring.element(&IBig::ZERO));
    for other in &mut x[..k - 1] {
        *other = ring.subtract(other, &low);
    }
    x[k - 1] = low;
}
