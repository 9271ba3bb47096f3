//! Decimal numbers as slices of limbs of 18 digits, the lowest first.

/// 10¹⁸: a limb holds 18 decimal digits.
pub(crate) const LIMB: u64 = 1_000_000_000_000_000_000;
/// Decimal digits in a limb.
pub(crate) const LIMB_DIGITS: u64 = 18;

/// The longest operand of a [`columns`] product, in limbs.
///
/// A column of this many products below 10³⁶ and the carry, below 2¹²⁸/10¹⁸ < 10²¹, fit 128 bits.
pub(crate) const MAX_COLUMNS: usize = 340;
const _: () =
    assert!((MAX_COLUMNS as u128) * (LIMB as u128 - 1) * (LIMB as u128 - 1) < u128::MAX - 1_000 * LIMB as u128);

/// Quotient and remainder of x / 10¹⁸ for x < 2¹²³.
///
/// The points of a limb are at most 2⁶⁴ each with B = 10⁶ and N·10⁶ < 2⁵⁵ with B = 10³, so their sum,
/// with the carry, is below 2⁶⁴·10¹² · 1.1 or 2⁵⁵·10¹⁵ · 1.1: both below 2¹⁰⁵.
#[inline(always)]
pub(crate) fn divide_by_limb(x: u128) -> (u64, u64) {
    // ⌊2⁵⁹·2⁶⁴/10¹⁸⌋. Dropping the low 59 bits of x lowers the quotient by less than 2⁵⁹/10¹⁸ < 0.58
    // and rounding the reciprocal down by less than 2⁻¹⁸ for x < 2¹⁰⁵: together it is at most 1 too low.
    const RECIPROCAL: u64 = ((1_u128 << 123) / LIMB as u128) as u64;
    debug_assert!(x >> 105 == 0);
    let quotient = (((x >> 59) * u128::from(RECIPROCAL)) >> 64) as u64;
    let remainder = (x as u64).wrapping_sub(quotient.wrapping_mul(LIMB));
    if remainder >= LIMB { (quotient + 1, remainder - LIMB) } else { (quotient, remainder) }
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

/// Returns at least the number of decimal digits of F(n), and at most one more.
///
/// F(n) ≤ φⁿ⁻¹ for n ≥ 1, and the constant is 2⁶⁴·log₁₀ φ, rounded up: it adds less than a digit.
pub(crate) const fn digits_at_most(n: u64) -> u64 {
    const LOG10_PHI: u128 = 3_855_141_514_259_838_964;
    ((n as u128 * LOG10_PHI) >> 64) as u64 + 1
}

/// Returns the limbs that hold `digits` digits.
pub(crate) const fn limbs_for(digits: u64) -> u64 {
    digits.div_ceil(LIMB_DIGITS)
}

#[cfg(test)]
pub(crate) mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;
    use crate::instant::digit_count_of_word;

    /// 10ᵈ − 1, in as many limbs as given.
    pub(crate) fn nines(digits: u64, limbs: usize) -> Vec<u64> {
        let limb = |index| {
            let below = (LIMB_DIGITS * index as u64).min(digits);
            10_u64.pow((digits - below).min(LIMB_DIGITS) as u32) - 1
        };
        (0..limbs).map(limb).collect()
    }

    /// 10ᵈ⁺ᵉ − 10ᵈ − 10ᵉ + 1, the product of d nines and e nines, for d ≥ e.
    pub(crate) fn product_of_nines(d: u64, e: u64, limbs: usize) -> Vec<u64> {
        let digit = |place: u64| match place {
            0 => u64::from(d > 0 && e > 0),
            place if place < e => 0,
            place if place == e => {
                if d == e {
                    8
                } else {
                    9
                }
            }
            place if place < d => 9,
            place if place == d => 8,
            place if place < d + e => 9,
            _ => 0,
        };
        (0..limbs as u64)
            .map(|limb| (0..LIMB_DIGITS).rev().fold(0, |sum, place| 10 * sum + digit(LIMB_DIGITS * limb + place)))
            .collect()
    }

    #[test]
    fn the_longest_columns_of_nines_do_not_overflow() {
        let digits = LIMB_DIGITS * MAX_COLUMNS as u64;
        let x = nines(digits, MAX_COLUMNS);
        let mut product = vec![0; 2 * MAX_COLUMNS];
        columns(&x, &x, &mut product);
        assert_eq!(product, product_of_nines(digits, digits, 2 * MAX_COLUMNS));
    }

    pub(crate) fn limbs(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u64>> {
        let limb = prop_oneof![4 => 0..LIMB, 1 => Just(0), 1 => Just(LIMB - 1)];
        prop::collection::vec(limb, count)
    }

    pub(crate) fn big(limbs: &[u64]) -> BigUint {
        limbs.iter().rev().fold(BigUint::ZERO, |sum, &limb| sum * LIMB + limb)
    }

    proptest! {
        #[test]
        fn low_limbs_of_columns_are_those_of_the_product(x in limbs(1..9), y in limbs(1..9), length in 0_usize..20) {
            let mut product = vec![0; x.len() + y.len() + 20];
            columns(&x, &y, &mut product);
            let mut low = vec![0; length];
            columns(&x, &y, &mut low);
            prop_assert_eq!(&low, &product[..length]);
        }

        #[test]
        fn division_by_a_limb_is_exact(x in 0..1_u128 << 105) {
            let (quotient, remainder) = divide_by_limb(x);
            prop_assert_eq!(u128::from(quotient), x / u128::from(LIMB));
            prop_assert_eq!(u128::from(remainder), x % u128::from(LIMB));
        }

        #[test]
        fn division_by_a_limb_is_exact_at_multiples(multiple in 0..1_u128 << 45, offset in -2_i128..=2) {
            let x = (multiple * u128::from(LIMB)).saturating_add_signed(offset);
            let (quotient, remainder) = divide_by_limb(x);
            prop_assert_eq!(u128::from(quotient), x / u128::from(LIMB));
            prop_assert_eq!(u128::from(remainder), x % u128::from(LIMB));
        }
    }

    #[test]
    fn the_digit_bound_is_never_below_and_at_most_one_above() {
        let large = (1..63).map(|shift| (1_i64 << shift) - 1);
        for n in (0..2_000).chain(large) {
            let digits = digit_count_of_word(n as u64);
            let bound = digits_at_most(n as u64);
            assert!((digits..=digits + 1).contains(&bound), "F({n}): {bound} for {digits}");
        }
    }
}
