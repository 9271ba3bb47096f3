//! Prices against the time taken, run with `--features soak --release`.
#![cfg(feature = "soak")]

use std::hint::black_box;
use std::time::Duration;

use dashu_int::{IBig, UBig};
use fibonacci::{digit_count, first_digits, last_digits, modulo, price};
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
