//! Lanes that hold upper bounds of magnitudes instead of numbers: a proof by execution.
//!
//! The operations of the kernel do not depend on the numbers. So one run on bounds, in which every
//! operation gives the bound of its result and asserts that the result is exact, holds for all numbers.

use std::cell::Cell;

use super::{Lanes, LimbOctet, Task};

/// Lanes of bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds;

thread_local! {
    /// The largest quotient that was rounded, and the largest sum, since the last [`take_extremes`].
    static EXTREMES: Cell<(f64, f64)> = const { Cell::new((0.0, 0.0)) };
}

/// Returns the largest quotient that was rounded, and the largest sum, and resets both.
pub(crate) fn take_extremes() -> (f64, f64) {
    EXTREMES.replace((0.0, 0.0))
}

/// Covers the roundings of the bounds themselves.
const UP: f64 = 1.0 + 1e-12;
const TWO_TO_51: f64 = 2_251_799_813_685_248.0;
const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
/// (1 + 2⁻⁵³)² − 1 and a little more: how far a quotient may be off, relative to itself.
const QUOTIENT_ERROR: f64 = 2.3e-16;

type Reals = [f64; 8];

fn each(a: Reals, b: Reals, f: impl Fn(f64, f64) -> f64) -> Reals {
    std::array::from_fn(|i| f(a[i], b[i]) * UP)
}

fn sum(a: f64, b: f64) -> f64 {
    let sum = (a + b) * UP;
    assert!(sum < TWO_TO_53, "a sum of {sum} is not exact");
    EXTREMES.with(|extremes| extremes.set((extremes.get().0, extremes.get().1.max(sum))));
    sum
}

/// The bound of a remainder for a quotient of that bound.
fn remainder(quotient: f64, p: f64) -> f64 {
    assert!(quotient <= TWO_TO_51 - 1.0, "a quotient of {quotient} is not rounded to an integer");
    EXTREMES.with(|extremes| extremes.set((extremes.get().0.max(quotient), extremes.get().1)));
    p / 2.0 + p * quotient * QUOTIENT_ERROR + 1.0
}

impl Lanes for Bounds {
    type Reals = Reals;
    type Words = Reals;

    fn run<T: Task>(self, task: T) -> T::Output {
        task.run(self)
    }

    #[inline(never)]
    fn splat(self, x: f64) -> Reals {
        [x.abs(); 8]
    }

    #[inline(never)]
    fn load(self, from: &[f64; 8]) -> Reals {
        from.map(f64::abs)
    }

    #[inline(never)]
    fn store(self, to: &mut [f64; 8], x: Reals) {
        *to = x;
    }

    #[inline(never)]
    fn add(self, a: Reals, b: Reals) -> Reals {
        each(a, b, sum)
    }

    #[inline(never)]
    fn sub(self, a: Reals, b: Reals) -> Reals {
        each(a, b, sum)
    }

    #[inline(never)]
    fn mul(self, a: Reals, b: Reals) -> Reals {
        each(a, b, |a, b| a * b)
    }

    #[inline(never)]
    fn mul_add(self, a: Reals, b: Reals, c: Reals) -> Reals {
        each(each(a, b, |a, b| a * b), c, sum)
    }

    #[inline(never)]
    fn sub_mul(self, a: Reals, b: Reals, c: Reals) -> Reals {
        self.mul_add(a, b, c)
    }

    #[inline(never)]
    fn transpose(self, x: &mut [Reals; 8]) {
        *x = std::array::from_fn(|row| std::array::from_fn(|column| x[column][row]));
    }

    /// The bounds of balanced limbs, whatever they are.
    #[inline(never)]
    fn split_limbs(self, _: &LimbOctet) -> (Reals, Reals) {
        ([5e17 / 4_294_967_296.0 + 1.0; 8], [4_294_967_296.0; 8])
    }

    #[inline(never)]
    fn store_limbs(self, _: &mut LimbOctet, x: Reals) {
        assert!(x.iter().all(|&x| x <= 1e18));
    }

    #[inline(never)]
    fn load_limbs(self, _: &LimbOctet) -> Reals {
        [1e18; 8]
    }

    #[inline(never)]
    fn to_integers(self, x: Reals) -> Reals {
        assert!(x.iter().all(|&x| x < TWO_TO_51));
        x
    }

    #[inline(never)]
    fn add_integers(self, a: Reals, b: Reals) -> Reals {
        let sum = each(a, b, |a, b| a + b);
        assert!(sum.iter().all(|&sum| sum < 9e18));
        sum
    }

    #[inline(never)]
    fn to_integers_times_ten_to_12(self, x: Reals) -> Reals {
        assert!(x.iter().all(|&x| x < 33_554_432.0));
        x.map(|x| 1e12 * x)
    }

    #[inline(never)]
    fn shift_1(self, before: Reals, x: Reals) -> Reals {
        each(before, x, f64::max)
    }

    #[inline(never)]
    fn shift_2(self, before: Reals, x: Reals) -> Reals {
        each(before, x, f64::max)
    }

    #[inline(never)]
    fn wrap(self, x: Reals, start: i64, end: i64) -> (Reals, Reals) {
        // One step of 10¹⁸ must lead into the range.
        assert!(x.iter().all(|&x| x < 1e18 + end as f64 && -x >= start as f64 - 1e18), "{x:?} is not wrapped");
        ([end as f64; 8], [1.0; 8])
    }

    #[inline(never)]
    fn any_outside(self, _: Reals, _: i64, _: i64) -> bool {
        false
    }

    /// |a·w/p − q| ≤ 1/2 + |a·w/p|·((1 + 2⁻⁵³)² − 1), since w·(1/p) has two roundings. Every root is
    /// taken as p/2 at least, so that a bound holds for all blocks.
    #[inline(never)]
    fn times(self, a: Reals, w: Reals, _: Reals, p: Reals) -> Reals {
        std::array::from_fn(|i| remainder(a[i] * w[i].max(p[i] / 2.0) / p[i] * UP, p[i]))
    }

    /// As in [`Bounds::times`]: the product is rounded, and 1/p.
    #[inline(never)]
    fn product(self, a: Reals, b: Reals, p: Reals, _: Reals) -> Reals {
        std::array::from_fn(|i| remainder(a[i] * b[i] / p[i] * UP, p[i]))
    }

    /// Exact for any a that is: a − q·p is formed with one rounding, and is an integer below 2⁵³.
    #[inline(never)]
    fn reduce(self, a: Reals, p: Reals, _: Reals) -> Reals {
        std::array::from_fn(|i| remainder(a[i] / p[i] * UP, p[i]))
    }

    #[inline(never)]
    fn split_digits(self, x: Reals) -> (Reals, Reals) {
        assert!(x.iter().all(|&x| x < TWO_TO_51), "{x:?} is not split");
        ([500_001.0; 8], x.map(|x| x * 1e-6 + 1.0))
    }
}
