//! The check that every value passes before it is delivered.
//!
//! The digits have a residue modulo 2⁶¹ − 1, and F(n) has one, found by doubling residues. Nothing in the
//! computation is done modulo this prime, so a wrong value passes with chance 2⁻⁶¹.

use crate::Error;
use crate::crew::Crew;
use crate::limbs::LIMB;

/// The prime 2⁶¹ − 1.
pub(crate) const CHECK_MODULUS: u64 = (1 << 61) - 1;

/// Compares the residue of the limbs of a value with that of F(n).
///
/// # Errors
/// [`Error::CheckFailed`], or [`Error::Cancelled`].
pub(crate) fn check(n: i64, limbs: &[u64], crew: &Crew<'_>, units: u64) -> Result<(), Error> {
    let mut residues = vec![0; limbs.len().div_ceil(RANGE)];
    let items: Vec<_> = limbs.chunks(RANGE).zip(&mut residues).collect();
    crew.for_each(items, units, |(limbs, residue)| *residue = residue_of(limbs))?;
    const SCALE: u64 = power_of_limb(RANGE);
    let found = residues.iter().rev().fold(0, |found, &residue| add(multiply(found, SCALE), residue));
    verdict(n, found)
}

/// The same for a short value, at once.
///
/// # Errors
/// [`Error::CheckFailed`].
#[inline]
pub(crate) fn check_short(n: i64, limbs: &[u64]) -> Result<(), Error> {
    verdict(n, residue_of(limbs))
}

/// Limbs whose residue is found in one piece.
const RANGE: usize = 1 << 14;

#[inline]
fn verdict(n: i64, found: u64) -> Result<(), Error> {
    let expected = expected(n.unsigned_abs());
    if found == expected {
        Ok(())
    } else {
        Err(Error::CheckFailed { index: n, modulus: CHECK_MODULUS, expected, found })
    }
}

/// The highest bits of n, which doubling residues begins with.
const FIRST_BITS: u32 = 8;
/// The residues of F(0) to F(256).
static FIRST: [u64; (1 << FIRST_BITS) + 1] = {
    let mut table = [1; (1 << FIRST_BITS) + 1];
    table[0] = 0;
    let mut index = 2;
    while index < table.len() {
        table[index] = (table[index - 1] + table[index - 2]) % CHECK_MODULUS;
        index += 1;
    }
    table
};

/// F(n) modulo 2⁶¹ − 1.
#[inline]
fn expected(n: u64) -> u64 {
    FIRST.get(n as usize).copied().unwrap_or_else(|| doubled(n))
}

fn doubled(n: u64) -> u64 {
    let shift = (u64::BITS - n.leading_zeros()).saturating_sub(FIRST_BITS);
    let first = (n >> shift) as usize;
    let (mut a, mut b) = (FIRST[first], FIRST[first + 1]);
    for shift in (0..shift).rev() {
        // F(2k) = a·(2b − a) and F(2k+1) = a² + b².
        let twice = add(b, b);
        let even = multiply(a, add(twice, CHECK_MODULUS - a));
        let odd = add(multiply(a, a), multiply(b, b));
        (a, b) = if (n >> shift) & 1 == 0 { (even, odd) } else { (odd, add(even, odd)) };
    }
    a
}

/// Returns the residue of limbs modulo [`CHECK_MODULUS`].
pub(crate) fn residue_of(limbs: &[u64]) -> u64 {
    let join = |residue, &limb: &u64| add(multiply(residue, LIMB), fold(limb));
    let (low, quads) = limbs.as_rchunks::<4>();
    if quads.is_empty() {
        return low.iter().rev().fold(0, join);
    }
    // Four sums, of every fourth limb each, do not wait for each other.
    const STEP: u64 = power_of_limb(4);
    let mut sums = [0; 4];
    for quad in quads.iter().rev() {
        for (sum, &limb) in sums.iter_mut().zip(quad) {
            *sum = add(multiply(*sum, STEP), fold(limb));
        }
    }
    low.iter().rev().fold(sums.iter().rev().fold(0, join), join)
}

/// 10¹⁸ to this power.
const fn power_of_limb(exponent: usize) -> u64 {
    let mut power = 1;
    let mut done = 0;
    while done < exponent {
        power = (power as u128 * LIMB as u128 % CHECK_MODULUS as u128) as u64;
        done += 1;
    }
    power
}

/// a + b for residues.
#[inline(always)]
fn add(a: u64, b: u64) -> u64 {
    fold(a + b)
}

/// a·b for a residue and any number below 2⁶³.
#[inline(always)]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // 2⁶¹ ≡ 1.
    fold((product as u64 & CHECK_MODULUS) + (product >> 61) as u64)
}

/// The residue of x < 2⁶³.
#[inline(always)]
fn fold(x: u64) -> u64 {
    let folded = (x & CHECK_MODULUS) + (x >> 61);
    if folded >= CHECK_MODULUS { folded - CHECK_MODULUS } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Control, short};

    #[test]
    fn a_single_wrong_digit_is_never_delivered() {
        let n = 10_000;
        let right = short::doubled(n as u64);
        let crew = Crew::new(Control::none(), 1);
        assert_eq!(check(n, &right, &crew, 0), Ok(()));
        assert_eq!(check_short(n, &right), Ok(()));
        for limb in [0, right.len() / 2, right.len() - 1] {
            for place in 0..59 {
                let mut wrong = right.clone();
                wrong[limb] ^= 1 << place;
                let refused = check(n, &wrong, &crew, 0);
                assert!(matches!(refused, Err(Error::CheckFailed { index, .. }) if index == n));
                assert_eq!(check_short(n, &wrong), refused);
            }
        }
    }

    #[test]
    fn residues_of_any_number_of_limbs_are_right() {
        let limbs: Vec<u64> = (0..3 * RANGE as u64 + 7).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % LIMB).collect();
        for count in (0..40).chain([RANGE - 1, RANGE, RANGE + 1, limbs.len()]) {
            let one_by_one = |residue: u128, &limb: &u64| {
                (residue * u128::from(LIMB) + u128::from(limb)) % u128::from(CHECK_MODULUS)
            };
            let expected = limbs[..count].iter().rev().fold(0, one_by_one);
            assert_eq!(u128::from(residue_of(&limbs[..count])), expected, "{count} limbs");
        }
    }
}
