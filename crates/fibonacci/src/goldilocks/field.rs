//! Arithmetic modulo the prime p = 2⁶⁴ − 2³² + 1.
//!
//! 2⁶⁴ ≡ 2³² − 1 and 2⁹⁶ ≡ −1 (mod p), so a 128-bit product is reduced by shifts and additions, and
//! 2 is a root of unity of order 192: its powers give the 3rd and 4th roots the transform needs.
//!
//! Carries are as good as random here, so every correction is a selection and never a branch.
//!
//! A residue is *canonical* when it is below p and *loose* when it is any `u64`. Each function says
//! which it takes and gives; saving the last comparison is a tenth of the whole transform.

use std::hint::select_unpredictable;

/// The prime modulus.
pub(crate) const P: u64 = 0xFFFF_FFFF_0000_0001;

/// 2⁶⁴ − p.
const EPSILON: u64 = 0xFFFF_FFFF;

/// The largest k for which a root of unity of order 2ᵏ exists.
pub(crate) const TWO_ADICITY: u32 = 32;

/// Has order 2³², and its power of order 4 is 2⁴⁸, the `i` of [`times_i`].
const ROOT: u64 = 1_753_635_133_440_165_772;

/// a + b for loose a and canonical b; loose.
#[inline(always)]
pub(crate) fn add_loose(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    // a + b − 2⁶⁴ < p − 1 after a carry, so adding ε does not carry again.
    select_unpredictable(carry, sum.wrapping_add(EPSILON), sum)
}

/// a − b for loose a and canonical b; loose.
#[inline(always)]
pub(crate) fn sub_loose(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    // a − b + 2⁶⁴ > ε after a borrow, so taking ε away does not borrow again.
    select_unpredictable(borrow, difference.wrapping_sub(EPSILON), difference)
}

/// a + b, all canonical.
#[inline(always)]
pub(crate) fn add(a: u64, b: u64) -> u64 {
    sub(a, P.wrapping_sub(b))
}

/// a − b for canonical a and b ≤ p; canonical.
#[inline(always)]
pub(crate) fn sub(a: u64, b: u64) -> u64 {
    sub_loose(a, b)
}

/// a · b for loose a and b; canonical.
#[inline(always)]
pub(crate) fn mul(a: u64, b: u64) -> u64 {
    reduce(u128::from(a) * u128::from(b))
}

/// i · a for loose a, where i = 2⁴⁸ and i² = −1; canonical.
#[inline(always)]
pub(crate) fn times_i(a: u64) -> u64 {
    reduce(u128::from(a) << 48)
}

/// ω · a for loose a, where ω = 2⁶⁴ and ω³ = 1; canonical.
#[inline(always)]
pub(crate) fn times_cube_root(a: u64) -> u64 {
    reduce(u128::from(a) << 64)
}

/// aᵉ for canonical a; canonical.
pub(crate) fn pow(mut a: u64, mut exponent: u64) -> u64 {
    let mut power = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = mul(power, a);
        }
        a = mul(a, a);
        exponent >>= 1;
    }
    power
}

/// 1/a for canonical a ≠ 0; canonical.
pub(crate) fn inverse(a: u64) -> u64 {
    pow(a, P - 2)
}

/// A root of unity of order 2ᵏ, such that the root for k − 1 is its square. k ≤ [`TWO_ADICITY`].
pub(crate) fn root_of_order_two_to_the(k: u32) -> u64 {
    pow(ROOT, 1 << (TWO_ADICITY - k))
}

/// x mod p, canonical, for any x.
#[inline(always)]
fn reduce(x: u128) -> u64 {
    let (low, high) = (x as u64, (x >> 64) as u64);
    // x = low + 2⁶⁴·middle + 2⁹⁶·top ≡ low + (2³² − 1)·middle − top.
    let (top, middle) = (high >> 32, high & EPSILON);
    let loose = sub_loose(low, top);
    let (sum, carry) = loose.overflowing_add(middle * EPSILON);
    let sum = select_unpredictable(carry, sum.wrapping_add(EPSILON), sum);
    let (canonical, below) = sum.overflowing_sub(P);
    select_unpredictable(below, sum, canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values at which carries and borrows happen, and any others.
    fn loose() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            Just(0),
            Just(1),
            Just(EPSILON),
            Just(EPSILON + 1),
            (0_u64..4).prop_map(|d| P - 2 + d),
            (0_u64..4).prop_map(|d| u64::MAX - d),
        ]
    }

    fn exact(x: u128) -> u64 {
        (x % u128::from(P)) as u64
    }

    proptest! {
        #[test]
        fn every_operation_agrees_with_plain_remainders(a in loose(), b in loose()) {
            let (wide_a, wide_b) = (u128::from(a), u128::from(b));
            let (ca, cb) = (exact(wide_a), exact(wide_b));
            prop_assert_eq!(mul(a, b), exact(wide_a * wide_b));
            prop_assert_eq!(exact(add_loose(a, cb).into()), exact(wide_a + wide_b));
            prop_assert_eq!(exact(sub_loose(a, cb).into()), exact(wide_a + u128::from(P - cb)));
            prop_assert_eq!(add(ca, cb), exact(wide_a + wide_b));
            prop_assert_eq!(sub(ca, cb), exact(u128::from(ca) + u128::from(P - cb)));
            prop_assert_eq!(times_i(a), mul(a, 1 << 48));
            prop_assert_eq!(times_cube_root(a), mul(a, EPSILON));
        }
    }

    #[test]
    fn the_roots_have_the_orders_they_claim() {
        assert_eq!(pow(ROOT, 1 << 31), P - 1);
        assert_eq!(root_of_order_two_to_the(2), times_i(1));
        assert_eq!(times_i(times_i(1)), P - 1);
        let cube_root = times_cube_root(1);
        assert_ne!(cube_root, 1);
        assert_eq!(pow(cube_root, 3), 1);
        assert_eq!(mul(inverse(12_345), 12_345), 1);
    }
}
