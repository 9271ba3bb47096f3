//! Values against two other libraries.

use std::iter;
use std::num::NonZeroU64;

use dashu_int::UBig;
use fibonacci::TextResidue;
use num_bigint::BigUint;
use proptest::prelude::*;

/// F(n) and F(n+1), by doubling with num-bigint.
fn num_bigint_pair(n: u64) -> (BigUint, BigUint) {
    if n == 0 {
        return (BigUint::ZERO, BigUint::from(1_u32));
    }
    let (a, b) = num_bigint_pair(n / 2);
    let even = &a * (&b * 2_u32 - &a);
    let odd = &a * &a + &b * &b;
    if n.is_multiple_of(2) {
        (even, odd)
    } else {
        let next = even + &odd;
        (odd, next)
    }
}

fn value(n: i64) -> BigUint {
    fibonacci::nth(n).unwrap().to_string().parse().unwrap()
}

#[test]
fn the_first_two_thousand_values_are_sums_of_the_two_before() {
    let (mut current, mut next) = (UBig::ZERO, UBig::ONE);
    for n in 0..=2_000 {
        let expected = current.to_string();
        assert_eq!(fibonacci::nth(n).unwrap().to_string(), expected, "F({n})");
        (current, next) = (next.clone(), current + next);
    }
}

#[test]
fn values_on_both_sides_of_the_first_transforms_are_right() {
    // From 200 limbs on products are transforms: 17 200 in the last step, 34 400 in the one before.
    for n in (16_900..17_500).step_by(7).chain((34_000..35_000).step_by(31)) {
        assert_eq!(value(n), num_bigint_pair(n as u64).0, "F({n})");
    }
}

#[test]
fn values_are_right_in_transforms_of_every_length_and_filling() {
    let prime = NonZeroU64::new((1 << 61) - 1).unwrap();
    let indexes = iter::successors(Some(17_000), |n| Some(n + n / 53));
    for n in indexes.take_while(|&n| n < 1_200_000) {
        let mut residue = TextResidue::new(prime);
        residue.push(fibonacci::nth(n).unwrap().to_string().as_bytes());
        let expected = fibonacci::modulo(n, &prime.get().into()).unwrap();
        assert_eq!(residue.finish().map(Into::into), Some(expected), "F({n})");
    }
}

#[test]
fn negative_indexes_alternate_in_sign() {
    for n in 0..200 {
        let positive = fibonacci::nth(n).unwrap().to_string();
        let negative = fibonacci::nth(-n).unwrap();
        assert_eq!(negative.is_negative(), n > 0 && n % 2 == 0);
        let expected = if n > 0 && n % 2 == 0 { format!("-{positive}") } else { positive };
        assert_eq!(negative.to_string(), expected, "F(-{n})");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_value_to_two_hundred_thousand_equals_that_of_num_bigint(n in 0_i64..200_000) {
        prop_assert_eq!(value(n), num_bigint_pair(n as u64).0);
    }

    #[test]
    fn doubling_holds_between_values(k in 1_i64..60_000) {
        let (before, here, after) = (value(k - 1), value(k), value(k + 1));
        prop_assert_eq!(value(2 * k), &here * (&before + &after));
        prop_assert_eq!(value(2 * k + 1), &here * &here + &after * &after);
    }

    #[test]
    fn the_identity_of_cassini_holds(k in 1_i64..100_000) {
        let product = value(k - 1) * value(k + 1);
        let square = value(k) * value(k);
        if k % 2 == 0 {
            prop_assert_eq!(product, square + 1_u32);
        } else {
            prop_assert_eq!(product + 1_u32, square);
        }
    }
}
