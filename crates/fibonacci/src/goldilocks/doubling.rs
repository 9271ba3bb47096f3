//! Doubling the index, in decimal from the first step to the last; [`nth`](crate::nth()) has the formulas.

use std::collections::TryReserveError;
use std::iter;

use crate::Error;
use crate::control::Meter;
use crate::goldilocks::plan::{COMBINE_UNITS, LUCAS_UNITS, Method, Plan, Step, column_units};
use crate::goldilocks::points::{Carried, Cut, STRIDE};
use crate::goldilocks::transform::Transform;
use crate::limbs::{carry_signed, columns};

/// Everything that grows with n, reserved before the first step and used in all of them.
pub(crate) struct Workspace {
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
    /// Reserves what `plan` says, which is all that [`Workspace::run`] uses.
    pub(crate) fn reserve(plan: &Plan) -> Result<Self, TryReserveError> {
        Ok(Workspace {
            a: reserve(plan.value_limbs())?,
            b: reserve(plan.partner_limbs())?,
            x: reserve(plan.buffer_words())?,
            y: reserve(plan.buffer_words())?,
            transform: Transform::reserve(plan.most_blocks())?,
        })
    }

    /// The limbs of F(n), without leading zeros, where the steps lead to n from `start`.
    pub(crate) fn run(
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
    fn replace_unwanted_by_lucas(&mut self, step: &Step, meter: &mut Meter<'_>) -> Result<(), Error> {
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
        let products = products.chain(iter::repeat((0, 0)));
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

    fn step_by_points<const POINTS: usize>(&mut self, step: &Step, meter: &mut Meter<'_>) -> Result<(), Error> {
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

/// Replaces a and b by the numbers the step wants, given the limbs of its products, without end.
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

/// F(k) and F(k+1) for k ≤ [`MAX_SINGLE`](crate::goldilocks::plan::MAX_SINGLE), each a limb.
fn single(k: u64) -> (u64, u64) {
    (0..k).fold((0, 1), |(a, b), _| (b, a + b))
}

/// Reserves a vector of this many words.
pub(crate) fn reserve(words: u64) -> Result<Vec<u64>, TryReserveError> {
    let mut reserved = Vec::new();
    // A count that no usize holds is refused like any other that is too large.
    reserved.try_reserve_exact(usize::try_from(words).unwrap_or(usize::MAX))?;
    Ok(reserved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goldilocks::transform;
    use crate::{Control, Decimal, digit_count, nth};

    impl Workspace {
        fn reserved_bytes(&self) -> u64 {
            let words = [&self.a, &self.b, &self.x, &self.y].map(Vec::capacity);
            8 * words.iter().sum::<usize>() as u64 + self.transform.reserved_bytes()
        }
    }

    #[test]
    fn the_memory_estimate_is_what_is_reserved() {
        for n in [0, 1, 86, 87, 1_000, 17_300, 40_000, 123_456, 1_000_000, 7_777_777, 100_000_000] {
            let plan = Plan::new(n);
            let reserved = Workspace::reserve(&plan).unwrap().reserved_bytes();
            let estimated = plan.memory_bytes();
            assert!(reserved <= estimated, "F({n}): {reserved} bytes of {estimated}");
            assert!(4 * estimated <= 5 * reserved, "F({n}): {reserved} bytes of {estimated}");
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
    fn there_are_roots_enough_when_a_shorter_transform_has_more_blocks() {
        let blocks = |step: Step| match step.method {
            Method::Columns => 0,
            Method::Transform { length, .. } => transform::blocks(length),
        };
        let unusual = (17_000..1_000_000).filter(|&n| {
            let steps = || Plan::new(n).steps().map(blocks);
            steps().max() != steps().last()
        });
        let mut met = 0;
        for n in unusual {
            assert_eq!(nth(n as i64).unwrap().digits(), digit_count(n as i64).try_into().unwrap(), "F({n})");
            met += 1;
        }
        assert_ne!(met, 0);
    }

    #[test]
    fn points_of_three_digits_give_the_same_value() {
        for n in [20_000, 39_999, 65_537_u64] {
            let plan = Plan::new(n);
            let mut workspace = Workspace::reserve(&plan).unwrap();
            workspace.x.reserve_exact(2 * plan.buffer_words() as usize);
            workspace.y.reserve_exact(2 * plan.buffer_words() as usize);
            workspace.transform = Transform::reserve(8 * plan.most_blocks()).unwrap();
            let finer = plan.steps().map(|mut step| {
                if let Method::Transform { length, .. } = step.method {
                    let cut = Cut::Threes;
                    step.method = Method::Transform { cut, length: 2 * length };
                }
                step
            });
            let mut meter = Meter::new(Control::none(), 2 * plan.work());
            let limbs = workspace.run(plan.start(), finer, &mut meter).unwrap();
            assert_eq!(Decimal::new(false, limbs), nth(n as i64).unwrap(), "F({n})");
        }
    }
}
