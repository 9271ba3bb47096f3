//! Values against two other libraries and against published ones.

use dashu_int::UBig;
use num_bigint::BigUint;

/// F(n) and F(n+1), by doubling in the other library.
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

#[test]
fn the_first_two_thousand_values_are_sums_of_the_two_before() {
    let (mut current, mut next) = (UBig::ZERO, UBig::ONE);
    for n in 0..=2_000 {
        assert_eq!(
            fibonacci::nth(n).unwrap().to_string(),
            current.to_string(),
            "F({n})"
        );
        (current, next) = (next.clone(), current + next);
    }
}

#[test]
fn larger_values_equal_those_of_num_bigint() {
    for n in [2_001, 3_437, 3_438, 3_439, 4_999, 10_007, 12_345, 30_000, 65_535, 65_536, 100_003, 199_999] {
        let expected = num_bigint_pair(n as u64).0.to_string();
        assert_eq!(fibonacci::nth(n).unwrap().to_string(), expected, "F({n})");
    }
}
