//! Long sweeps, run with `--features soak --release`: every small value, and large ones by residue.
#![cfg(feature = "soak")]

use std::num::NonZeroU64;

use fibonacci::{TextResidue, digit_count, first_digits, last_digits, modulo, nth};
use num_bigint::BigUint;

/// Primes unrelated to each other and to all the kernel computes with.
const PRIMES: [u64; 3] = [(1 << 61) - 1, 1_000_000_000_000_000_003, 18_446_744_073_709_551_557];

fn assert_right(n: i64) {
    let value = nth(n).unwrap();
    assert_eq!(digit_count(n), value.digits().into(), "F({n})");
    assert_eq!(value.first(50), first_digits(n, 50), "F({n})");
    assert_eq!(value.last(50), last_digits(n, 50), "F({n})");
    for prime in PRIMES.map(|prime| NonZeroU64::new(prime).unwrap()) {
        let mut residue = TextResidue::new(prime);
        value.chunks(1 << 20).for_each(|block| residue.push(&block));
        let expected = modulo(n, &prime.get().into());
        assert_eq!(residue.finish().map(Into::into), expected, "F({n}) mod {prime}");
    }
}

#[test]
fn every_value_to_a_hundred_thousand_is_the_sum_of_the_two_before() {
    let (mut current, mut next) = (BigUint::ZERO, BigUint::from(1_u32));
    for n in 0..=100_000 {
        // A conversion by num-bigint takes longer than the value, so most are compared by residue.
        if n % 50 == 0 {
            assert_eq!(nth(n).unwrap().to_string(), current.to_string(), "F({n})");
        } else {
            let value = nth(n).unwrap();
            for prime in PRIMES {
                let mut residue = TextResidue::new(NonZeroU64::new(prime).unwrap());
                value.chunks(1 << 16).for_each(|block| residue.push(&block));
                let expected = &current % prime;
                assert_eq!(residue.finish().map(BigUint::from), Some(expected), "F({n})");
            }
        }
        let sum = &current + &next;
        current = std::mem::replace(&mut next, sum);
    }
}

#[test]
fn values_from_ten_million_to_a_hundred_million_are_right() {
    for n in (10_000_000..=100_000_000).step_by(4_999_999) {
        assert_right(n);
        assert_right(-n - 1);
    }
}

#[test]
fn values_of_three_digit_points_are_right() {
    // The operands pass 110 680 680 digits at n = 1 059 206 000: the last step cuts limbs in six.
    assert_right(1_060_000_001);
}
