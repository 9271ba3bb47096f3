//! Long sweeps, run with `--features soak --release`: every small value, and large ones by residue.
#![cfg(feature = "soak")]

use std::num::NonZeroU64;
use std::sync::atomic::AtomicBool;

use dashu_int::UBig;
use fibonacci::{
    Control, Decimal, Kernel, TextResidue, digit_count, factorize, first_digits, is_prime, last_digits, modulo, nth,
};
use num_bigint::BigUint;

/// Primes unrelated to each other and to all the kernel computes with.
const PRIMES: [u64; 3] = [(1 << 61) - 31, 1_000_000_000_000_000_003, 18_446_744_073_709_551_557];

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
    // The operands of the Goldilocks kernel pass 110 680 680 digits at n = 1 059 206 000: the last step cuts
    // limbs in six.
    let value = value(Kernel::Goldilocks, 1_060_000_001, 1);
    assert_right(1_060_000_001);
    assert!(value == nth(1_060_000_001).unwrap());
}

fn value(kernel: Kernel, n: i64, threads: usize) -> Decimal {
    let control = Control { progress: &|_| (), cancelled: &AtomicBool::new(false), threads: &|| threads };
    kernel.nth_with(n, &control).unwrap()
}

/// FNV-1a of the text, from the basis the digests of FLINT's values were made with.
fn digest(value: &Decimal) -> u64 {
    let fold = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    value.chunks(1 << 20).fold(1_469_598_103_934_665_603, |hash, block| block.iter().fold(hash, fold))
}

#[test]
fn long_values_have_the_digests_of_those_of_flint() {
    for kernel in Kernel::available() {
        assert_eq!(digest(&value(kernel, 100_000_000, 2)), 0x1C72_2934_EFED_F4A9, "by {kernel:?}");
    }
    assert_eq!(digest(&value(Kernel::fastest(), 1_000_000_000, 2)), 0x691A_A6BA_A676_EE14);
}

/// F(n) by doubling with dashu.
fn dashu(n: u64) -> UBig {
    let (mut a, mut b) = (UBig::ZERO, UBig::ONE);
    for shift in (0..u64::BITS - n.leading_zeros()).rev() {
        let even = &a * ((&b << 1) - &a);
        let odd = a.sqr() + b.sqr();
        (a, b) = if (n >> shift) & 1 == 0 { (even, odd) } else { (odd.clone(), even + odd) };
    }
    a
}

/// The same with num-bigint.
fn num_bigint(n: u64) -> BigUint {
    let (mut a, mut b) = (BigUint::ZERO, BigUint::from(1_u32));
    for shift in (0..u64::BITS - n.leading_zeros()).rev() {
        let even = &a * ((&b << 1_u32) - &a);
        let odd = &a * &a + &b * &b;
        (a, b) = if (n >> shift) & 1 == 0 { (even, odd) } else { (odd.clone(), even + odd) };
    }
    a
}

#[test]
fn random_values_to_ten_million_are_those_of_two_libraries() {
    let mut state = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    for round in 0..60 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // As many short ones as long ones.
        let n = 10_000_000_u64 >> (state % 10);
        let n = (state >> 8) % n;
        let expected = dashu(n);
        let other = num_bigint(n);
        for kernel in Kernel::available() {
            let value = value(kernel, n as i64, 1 + round % 3);
            for prime in PRIMES {
                let mut residue = TextResidue::new(NonZeroU64::new(prime).unwrap());
                value.chunks(1 << 20).for_each(|block| residue.push(&block));
                let residue = residue.finish().unwrap();
                assert_eq!(UBig::from(residue), &expected % UBig::from(prime), "F({n}) by {kernel:?}, dashu");
                assert_eq!(BigUint::from(residue), &other % prime, "F({n}) by {kernel:?}, num-bigint");
            }
        }
    }
}

#[test]
fn every_kernel_gives_the_same_digits_over_a_wide_range() {
    let indexes = std::iter::successors(Some(11_000_i64), |n| Some(n + n / 199 + 1));
    for (round, n) in indexes.take_while(|&n| n < 20_000_000).enumerate() {
        let expected = value(Kernel::Goldilocks, n, 1);
        for kernel in Kernel::available() {
            assert!(value(kernel, n, 1 + round % 4) == expected, "F({n}) by {kernel:?}");
        }
    }
}

#[test]
fn products_of_primes_have_these_factors() {
    // Bits of the factors: of all sizes together, and of one size; then a square of the first one.
    let mut state = 1_u128;
    let mut prime = |bits: u32| {
        state = state.wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645).wrapping_add(1);
        (((state >> 1) | 1 << 127) >> (128 - bits)..).find(|&p| is_prime(p)).unwrap()
    };
    for round in 0..40 {
        for bits in 17..=128_u32 {
            let least = 2 + round % (bits / 2 - 1);
            for factors in [vec![least, bits - least - 1], vec![bits / 2; 2], vec![bits / 3; 3], vec![bits / 4; 4]] {
                let mut expected: Vec<u128> = factors.into_iter().map(&mut prime).collect();
                let is_square =
                    round % 4 == 0 && expected.iter().try_fold(expected[0], |m, &p| m.checked_mul(p)).is_some();
                expected.extend(is_square.then_some(expected[0]));
                let Some(m) = expected.iter().try_fold(1_u128, |m, &p| m.checked_mul(p)) else { continue };
                expected.sort_unstable();
                let found = factorize(m).into_iter().flat_map(|(p, exponent)| vec![p; exponent as usize]);
                assert_eq!(found.collect::<Vec<_>>(), expected, "{m}");
            }
        }
    }
}
