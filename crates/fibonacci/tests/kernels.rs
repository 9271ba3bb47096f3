//! Every kernel gives the same digits, on any number of threads.

use std::iter;
use std::sync::atomic::AtomicBool;

use fibonacci::{Control, Decimal, Kernel, nth};

fn value(kernel: Kernel, n: i64, threads: usize) -> Decimal {
    let control = Control { progress: &|_| (), cancelled: &AtomicBool::new(false), threads: &|| threads };
    kernel.nth_with(n, &control).unwrap()
}

/// Indexes that double each time and something: transforms of all lengths, well filled and not.
fn indexes(first: i64, last: i64, parts: i64) -> impl Iterator<Item = i64> {
    iter::successors(Some(first), move |n| Some(n + n / parts)).take_while(move |&n| n <= last)
}

#[test]
fn all_kernels_agree_in_transforms_of_every_length() {
    for n in indexes(11_000, 1_500_000, 31) {
        let expected = value(Kernel::Goldilocks, n, 1);
        for kernel in Kernel::available() {
            assert_eq!(value(kernel, n, 1), expected, "F({n}) by {kernel:?}");
        }
    }
}

#[test]
fn a_value_that_fills_its_limbs_to_the_last_digit_is_right() {
    // 24 336 digits are 169·8 limbs, while the operands are balanced in one limb more than half of them.
    assert_eq!(value(Kernel::fastest(), 116_447, 1), value(Kernel::Goldilocks, 116_447, 1));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for n in [300_000, 1_234_567, 5_000_001] {
        let expected = nth(n).unwrap();
        for kernel in Kernel::available() {
            for threads in [1, 2, 3, 7] {
                assert_eq!(value(kernel, n, threads), expected, "F({n}) by {kernel:?} on {threads} threads");
            }
        }
    }
}
