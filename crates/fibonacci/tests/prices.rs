//! Prices against the time taken, run with `--features soak --release`.
#![cfg(feature = "soak")]

use std::hint::black_box;
use std::time::Duration;

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use fibonacci::{
    LucasParameters, digit_count, first_digits, kbonacci, last_digits, lucas, modulo, period, phi_digits, price,
    zeckendorf,
};
use rustix::time::{ClockId, clock_gettime};

/// Returns the shortest of several runs.
fn measured(run: &mut dyn FnMut()) -> Duration {
    let mut once = || {
        let begin = processor_time();
        run();
        processor_time() - begin
    };
    (0..5).map(|_| once()).min().unwrap()
}

/// Returns the processor time of this thread, which other programs take no part of.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// Longer work is left out: it is a calculation of its own.
const LONGEST: Duration = Duration::from_millis(150);

/// Compares an estimate with the time; small times are dominated by calls and allocations.
fn compare(what: &str, estimate: Duration, took: Duration) {
    let floor = Duration::from_micros(20);
    let ratio = estimate.max(floor).as_secs_f64() / took.max(floor).as_secs_f64();
    assert!((0.5..=2.0).contains(&ratio), "{what}: estimated {estimate:?}, took {took:?}");
}

#[test]
fn estimates_of_values_are_within_a_factor_of_two() {
    for n in [100, 1_000, 20_000, 300_000, 3_000_000_i64] {
        let took = measured(&mut || _ = black_box(lucas(n).unwrap().to_string()));
        compare(&format!("lucas({n})"), price::lucas_sequence(&LucasParameters::fibonacci(), &n.into(), 1), took);
    }
    for (k, n) in [(3, 131_072), (8, 16_384), (8, 65_536), (64, 1_024), (64, 8_192_i64)] {
        let took = measured(&mut || _ = black_box(kbonacci(k, n)));
        compare(&format!("kbonacci({k}, {n})"), price::kbonacci(k, &n.into()), took);
    }
    for digits in [10, 100, 1_000, 10_000, 100_000] {
        let number: UBig = "7".repeat(digits).parse().unwrap();
        let took = measured(&mut || _ = black_box(zeckendorf(&number)));
        compare(&format!("zeckendorf({digits} digits)"), price::zeckendorf(number.bit_len()), took);
    }
    for places in [10, 1_000, 10_000, 100_000] {
        let took = measured(&mut || _ = black_box(phi_digits(places)));
        compare(&format!("phi_digits({places})"), price::phi_digits(places), took);
    }
}

#[test]
fn periods_take_no_longer_than_their_bounds() {
    // Products of two primes near the square root, and such a product beside a prime factor.
    for bits in [16, 24, 28, 30, 32, 34, 36, 38] {
        for seed in 0..12_u128 {
            let next_prime = |from: u128| (from..).find(|&p| fibonacci::is_prime(p)).unwrap();
            let start = (1 << bits) + seed * 1_234_567 % (1 << bits);
            let m = next_prime(start) * next_prime(start + 1_000 + seed * 77);
            let took = measured(&mut || _ = black_box(period(m)));
            assert!(took <= price::period(m), "period({m}): at most {:?}, took {took:?}", price::period(m));
        }
    }
}

#[test]
fn estimates_are_within_a_factor_of_two() {
    let check = |what: String, estimate: Duration, run: &mut dyn FnMut()| {
        if estimate <= LONGEST {
            compare(&what, estimate, measured(run));
        }
    };
    for size in [1, 3, 4, 5, 6, 9, 18, 19, 30, 60, 100, 300, 1_000] {
        let n: IBig = IBig::from(10).pow(size) + 7;
        check(format!("digit_count(10^{size})"), price::digit_count(&n), &mut || _ = black_box(digit_count(n.clone())));
        for k in [1, 20, 50, 100, 300, 1_000, 3_000, 10_000] {
            let what = format!("first_digits(10^{size}, {k})");
            check(what, price::first_digits(&n, k), &mut || _ = black_box(first_digits(n.clone(), k)));
            let what = format!("last_digits(10^{size}, {k})");
            check(what, price::last_digits(&n, k), &mut || _ = black_box(last_digits(n.clone(), k)));
            let m: UBig = UBig::from(10_u8).pow(k.into()) + 7_u8;
            let what = format!("modulo(10^{size}, 10^{k})");
            check(what, price::modulo(&n, &m), &mut || _ = black_box(modulo(n.clone(), &m)));
        }
    }
}
