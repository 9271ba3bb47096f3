//! F(n) by doubling the index, in decimal from the first step to the last.

use std::collections::TryReserveError;
use std::iter;

use crate::control::Meter;
use crate::instant::{is_negative, modulo_of_magnitude};
use crate::multiply::{Carried, Cut, STRIDE, carry_signed, columns};
use crate::plan::{
    CHECK_UNITS, COMBINE_UNITS, LUCAS_UNITS, MAX_INDEX, Method, Plan, Step, column_units,
};
use crate::residue::{CHECK_MODULUS, fold_limb};
use crate::transform::Transform;
use crate::{Control, Decimal, Error};

/// Returns F(n), with F(0) = 0, F(1) = 1 and F(−n) = (−1)ⁿ⁺¹·F(n).
///
/// # Size
/// 0.209·|n| decimal digits: F(1 000 000) has 208 988. [`digit_count`](crate::digit_count) is exact.
///
/// # Cost
/// O(n log n), see [`estimate`](crate::estimate()): about a second and 81 MB for n = 10⁸. Blocks the
/// thread and uses no other: call it off an async runtime.
///
/// # Errors
/// [`Error::OutOfMemory`] when the memory is refused, before any work is done;
/// [`Error::CheckFailed`] on a fault of the machine.
///
/// # Source
/// Fast doubling by two squarings: with a = F(k), b = F(k+1) and s = (−1)ᵏ, Cassini's identity
/// b² − ab − a² = s gives F(2k) = 2b² − 3a² − 2s, F(2k+1) = a² + b² and F(2k+2) = 3b² − 2a² − 2s. The last
/// step is one product with L(k) = 2b − a: F(2k) = a·L(k), F(2k+1) = b·L(k) − s. That large values are
/// best doubled in decimal, without a conversion at the end, is known from FLINT's `radix` module.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::nth(10)?.to_string(), "55");
/// assert_eq!(fibonacci::nth(-8)?.to_string(), "-21");
/// # Ok::<(), fibonacci::Error>(())
/// ```
pub fn nth(n: i64) -> Result<Decimal, Error> {
    nth_with(n, &Control::none())
}

/// Returns F(n) as [`nth`] does, telling the progress and stopping on demand.
///
/// # Errors
/// Those of [`nth`], and [`Error::Cancelled`] within milliseconds of the flag being raised.
///
/// # Example
/// ```
/// use std::sync::atomic::AtomicBool;
/// let cancelled = AtomicBool::new(true);
/// let control = fibonacci::Control { progress: &|_| (), cancelled: &cancelled };
/// let stopped = fibonacci::nth_with(100_000, &control);
/// assert_eq!(stopped.unwrap_err(), fibonacci::Error::Cancelled);
/// ```
pub fn nth_with(n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
    let plan = Plan::new(n.unsigned_abs());
    let out_of_memory = || Error::OutOfMemory {
        needed_bytes: plan.memory_bytes(),
    };
    if plan.index() > MAX_INDEX {
        return Err(out_of_memory());
    }
    let mut meter = Meter::new(*control, plan.work());
    meter.look()?;
    let workspace = Workspace::reserve(&plan).map_err(|_| out_of_memory())?;
    let limbs = workspace.run(plan.start(), plan.steps(), &mut meter)?;
    check(n, &limbs, &mut meter)?;
    debug_assert!(meter.done().abs_diff(plan.work()) <= CHECK_UNITS);
    meter.finish();
    Ok(Decimal::new(is_negative(n), limbs))
}

/// Everything that grows with n, reserved before the first step and used in all of them.
struct Workspace {
    /// F(k), in the end F(n).
    a: Vec<u64>,
    /// F(k+1).
    b: Vec<u64>,
    /// Points of the first product, or its limbs.
    x: Vec<u64>,
    /// Points of the second.
    y: Vec<u64>,
    transform: Transform,
}

impl Workspace {
    fn reserve(plan: &Plan) -> Result<Self, TryReserveError> {
        Ok(Workspace {
            a: reserve(plan.value_limbs())?,
            b: reserve(plan.partner_limbs())?,
            x: reserve(plan.buffer_words())?,
            y: reserve(plan.buffer_words())?,
            transform: Transform::reserve(plan.longest_transform())?,
        })
    }

    /// The limbs of F(n), without leading zeros.
    fn run(
        mut self,
        start: u64,
        steps: impl Iterator<Item = Step>,
        meter: &mut Meter<'_>,
    ) -> Result<Vec<u64>, Error> {
        self.begin(start);
        for step in steps {
            self.step(&step, meter)?;
        }
        while self.a.last() == Some(&0) {
            self.a.pop();
        }
        Ok(self.a)
    }

    fn begin(&mut self, start: u64) {
        let (a, b) = single(start);
        self.a.push(a);
        self.b.push(b);
    }

    /// Takes a, b from F(k), F(k+1) to the numbers `step` leads to.
    fn step(&mut self, step: &Step, meter: &mut Meter<'_>) -> Result<(), Error> {
        let operand_limbs = step.operand_limbs() as usize;
        self.a.resize(operand_limbs, 0);
        self.b.resize(operand_limbs, 0);
        if step.last {
            self.replace_unwanted_by_lucas(step, meter)?;
        }
        match step.method {
            Method::Columns => self.step_by_columns(step, meter),
            Method::Transform { cut, length } => {
                self.multiply_by_transform(step, cut, length as usize, meter)?;
                match cut {
                    Cut::Sixes => self.step_by_points::<3>(step, meter),
                    Cut::Threes => self.step_by_points::<6>(step, meter),
                }
            }
        }
    }

    /// Before the last step: L(k) = 2·F(k+1) − F(k) in place of the number that is not multiplied by it.
    fn replace_unwanted_by_lucas(
        &mut self,
        step: &Step,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        let mut carry = 0;
        for (a, b) in self.a.chunks_mut(STRIDE).zip(self.b.chunks_mut(STRIDE)) {
            meter.advance(LUCAS_UNITS * a.len() as u64)?;
            for (a, b) in a.iter_mut().zip(b) {
                let lucas;
                (lucas, carry) = carry_signed(2 * *b as i64 - *a as i64 + carry);
                *(if step.odd { a } else { b }) = lucas;
            }
        }
        debug_assert_eq!(carry, 0);
        Ok(())
    }

    fn step_by_columns(&mut self, step: &Step, meter: &mut Meter<'_>) -> Result<(), Error> {
        let Workspace { a, b, x, y, .. } = self;
        x.resize(step.product_limbs() as usize, 0);
        y.resize(step.product_limbs() as usize, 0);
        if step.last {
            columns(a, b, x);
        } else {
            columns(a, a, x);
            columns(b, b, y);
        }
        meter.advance(column_units(step.operand_limbs()))?;
        let products = x.iter().copied().zip(y.iter().copied());
        combine(step, products, a, b, meter)
    }

    /// Leaves the points of F(k)² and F(k+1)² in x and y, or in the last step those of the product in x.
    fn multiply_by_transform(
        &mut self,
        step: &Step,
        cut: Cut,
        length: usize,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        let Workspace { a, b, x, y, .. } = self;
        cut.cut(a, x, length, meter)?;
        cut.cut(b, y, length, meter)?;
        if step.last {
            self.transform.multiply(x, y, meter)
        } else {
            self.transform.square(x, meter)?;
            self.transform.square(y, meter)
        }
    }

    fn step_by_points<const POINTS: usize>(
        &mut self,
        step: &Step,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        let Workspace { a, b, x, y, .. } = self;
        if step.last {
            let products = Carried::<POINTS>::new(x).zip(iter::repeat(0));
            combine(step, products, a, b, meter)
        } else {
            let products = Carried::<POINTS>::new(x).zip(Carried::<POINTS>::new(y));
            combine(step, products, a, b, meter)
        }
    }
}

/// A new number as a combination of the two products and 1.
#[derive(Clone, Copy)]
struct Combination {
    first: i64,
    second: i64,
    one: i64,
}

impl Combination {
    /// The two that `step` wants; the last step wants only the first.
    fn pair(step: &Step) -> (Self, Self) {
        let sign = if step.from.is_multiple_of(2) { 1 } else { -1 };
        let of = |first, second, one| Combination { first, second, one };
        let even = of(-3, 2, -2 * sign);
        let odd = of(1, 1, 0);
        let next = of(-2, 3, -2 * sign);
        match (step.last, step.odd) {
            (true, false) => (of(1, 0, 0), of(0, 0, 0)),
            (true, true) => (of(1, 0, -sign), of(0, 0, 0)),
            (false, false) => (even, odd),
            (false, true) => (odd, next),
        }
    }

    /// The limb of the combination; `carry` begins as `one`.
    #[inline(always)]
    fn limb(self, first: u64, second: u64, carry: &mut i64) -> u64 {
        // At most 3·10¹⁸ and a carry of a few units: far from 2⁶³.
        let sum = self.first * first as i64 + self.second * second as i64 + *carry;
        let limb;
        (limb, *carry) = carry_signed(sum);
        limb
    }
}

/// Replaces a and b by the numbers the step wants, given the limbs of its products.
///
/// The results are below 10¹⁸ to the power of their length, so what is cut off above it cancels out.
fn combine(
    step: &Step,
    mut products: impl Iterator<Item = (u64, u64)>,
    a: &mut Vec<u64>,
    b: &mut Vec<u64>,
    meter: &mut Meter<'_>,
) -> Result<(), Error> {
    let (for_a, for_b) = Combination::pair(step);
    let (mut carry_a, mut carry_b) = (for_a.one, for_b.one);
    let limbs = step.result_limbs() as usize;
    a.clear();
    b.clear();
    debug_assert!(a.capacity() >= limbs && (step.last || b.capacity() >= limbs));
    while a.len() < limbs {
        let stride = STRIDE.min(limbs - a.len());
        for (first, second) in products.by_ref().take(stride) {
            a.push(for_a.limb(first, second, &mut carry_a));
            if !step.last {
                b.push(for_b.limb(first, second, &mut carry_b));
            }
        }
        meter.advance(COMBINE_UNITS * stride as u64)?;
    }
    Ok(())
}

/// F(k) and F(k+1) for k ≤ [`MAX_SINGLE`](crate::plan::MAX_SINGLE), each a limb.
fn single(k: u64) -> (u64, u64) {
    (0..k).fold((0, 1), |(a, b), _| (b, a + b))
}

fn reserve(words: u64) -> Result<Vec<u64>, TryReserveError> {
    let mut reserved = Vec::new();
    // A count that no usize holds is refused like any other that is too large.
    reserved.try_reserve_exact(usize::try_from(words).unwrap_or(usize::MAX))?;
    Ok(reserved)
}

/// Compares the residue of the digits with that of F(n), found by another way.
fn check(n: i64, limbs: &[u64], meter: &mut Meter<'_>) -> Result<(), Error> {
    let mut found = 0;
    for limbs in limbs.rchunks(STRIDE) {
        found = limbs
            .iter()
            .rev()
            .fold(found, |residue, &limb| fold_limb(residue, limb));
        meter.advance(CHECK_UNITS * limbs.len() as u64)?;
    }
    let expected = modulo_of_magnitude(n.unsigned_abs(), CHECK_MODULUS);
    if found == expected {
        Ok(())
    } else {
        Err(Error::CheckFailed {
            index: n,
            modulus: CHECK_MODULUS.get(),
            expected,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Workspace {
        fn reserved_bytes(&self) -> u64 {
            let words = [&self.a, &self.b, &self.x, &self.y].map(Vec::capacity);
            8 * words.iter().sum::<usize>() as u64 + self.transform.reserved_bytes()
        }
    }

    #[test]
    fn the_memory_estimate_is_what_is_reserved() {
        for n in [
            0,
            1,
            86,
            87,
            1_000,
            17_300,
            40_000,
            123_456,
            1_000_000,
            7_777_777,
            100_000_000,
        ] {
            let plan = Plan::new(n);
            let reserved = Workspace::reserve(&plan).unwrap().reserved_bytes();
            let estimated = plan.memory_bytes();
            assert!(
                reserved <= estimated,
                "F({n}): {reserved} bytes of {estimated}"
            );
            assert!(
                4 * estimated <= 5 * reserved,
                "F({n}): {reserved} bytes of {estimated}"
            );
        }
    }

    #[test]
    fn nothing_is_reserved_after_the_beginning() {
        for n in [87, 5_000, 40_000, 123_457, 1_000_000] {
            let plan = Plan::new(n);
            let mut workspace = Workspace::reserve(&plan).unwrap();
            let reserved = workspace.reserved_bytes();
            let mut meter = Meter::new(Control::none(), plan.work());
            workspace.begin(plan.start());
            for step in plan.steps() {
                workspace.step(&step, &mut meter).unwrap();
            }
            assert_eq!(workspace.reserved_bytes(), reserved, "F({n})");
        }
    }

    #[test]
    fn points_of_three_digits_give_the_same_value() {
        for n in [20_000, 39_999, 65_537_u64] {
            let plan = Plan::new(n);
            let mut workspace = Workspace::reserve(&plan).unwrap();
            workspace.x.reserve_exact(2 * plan.buffer_words() as usize);
            workspace.y.reserve_exact(2 * plan.buffer_words() as usize);
            workspace.transform = Transform::reserve(2 * plan.longest_transform()).unwrap();
            let finer = plan.steps().map(|mut step| {
                if let Method::Transform { length, .. } = step.method {
                    let cut = Cut::Threes;
                    step.method = Method::Transform {
                        cut,
                        length: 2 * length,
                    };
                }
                step
            });
            let mut meter = Meter::new(Control::none(), 2 * plan.work());
            let limbs = workspace.run(plan.start(), finer, &mut meter).unwrap();
            assert_eq!(Decimal::new(false, limbs), nth(n as i64).unwrap(), "F({n})");
        }
    }

    #[test]
    fn a_single_wrong_digit_is_never_delivered() {
        let n = 20_000;
        let plan = Plan::new(n as u64);
        let mut meter = Meter::new(Control::none(), plan.work());
        let workspace = Workspace::reserve(&plan).unwrap();
        let right = workspace
            .run(plan.start(), plan.steps(), &mut meter)
            .unwrap();
        assert_eq!(check(n, &right, &mut meter), Ok(()));
        for limb in [0, right.len() / 2, right.len() - 1] {
            for place in 0..17 {
                let mut wrong = right.clone();
                wrong[limb] ^= 1 << place;
                let refused = check(n, &wrong, &mut meter);
                assert!(matches!(refused, Err(Error::CheckFailed { index, .. }) if index == n));
            }
        }
    }

    #[test]
    fn the_flag_is_looked_at_throughout_the_work() {
        use std::sync::atomic::{AtomicBool, Ordering};
        // Raised at each report in turn, that is at every hundredth of the work or so: the computation
        // never gets as far as another report.
        for stop_at in (0..=90).step_by(9) {
            let cancelled = AtomicBool::new(false);
            let after = AtomicBool::new(false);
            let progress = |fraction: f64| {
                if cancelled.load(Ordering::Relaxed) {
                    after.store(true, Ordering::Relaxed);
                }
                if fraction >= f64::from(stop_at) / 100.0 {
                    cancelled.store(true, Ordering::Relaxed);
                }
            };
            let control = Control {
                progress: &progress,
                cancelled: &cancelled,
            };
            assert_eq!(
                nth_with(5_000_000, &control),
                Err(Error::Cancelled),
                "at {stop_at} %"
            );
            assert!(!after.load(Ordering::Relaxed), "at {stop_at} %");
        }
    }
}
