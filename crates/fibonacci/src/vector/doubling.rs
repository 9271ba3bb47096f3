//! The doublings of a plan, phase by phase: entry, blocks, exit for each prime, and the carries.

use super::carry::{Carry, Form, Overflow, settle};
use super::crt::{BALANCED, Garner};
use super::field::PRIMES;
use super::lanes::{Lanes, LimbOctet, Octet, Points, zeroed};
use super::phases::{PointPair, multiply};
use super::plan::{DoublingPlan, DoublingStep};
use super::product::{Even, LastEven, LastOdd, Odd, Product};
use super::roots::Roots;
use crate::Error;
use crate::crew::Crew;
use crate::limbs::LIMB;

/// All that grows with n, reserved before the first step and touched at its first use.
pub(crate) struct Arena {
    /// F(k), in the end F(n).
    a: Vec<LimbOctet>,
    /// F(k+1).
    b: Vec<LimbOctet>,
    points: Points,
    roots: [Roots; 3],
}

/// Octets of limbs that are carried at once.
const CARRY_OCTETS: usize = 1 << 10;

impl Arena {
    /// Reserves what `plan` says, which is all that [`Arena::run`] uses; `None` if it is refused.
    pub(crate) fn reserve(plan: &DoublingPlan) -> Option<Self> {
        let roots = |prime: usize| Roots::new(&PRIMES[prime], plan.roots());
        Some(Arena {
            a: zeroed(plan.value_octets().max(plan.partner_octets()))?,
            b: zeroed(plan.partner_octets())?,
            points: Points::zeroed(plan.point_octets())?,
            roots: [roots(0), roots(1), roots(2)],
        })
    }

    /// The limbs of F(n), without zeros at the top, from F(k) and F(k+1) where the plan starts.
    pub(crate) fn run<L: Lanes>(
        mut self,
        lanes: L,
        (a, b): (&[u64], &[u64]),
        plan: &DoublingPlan,
        crew: &Crew<'_>,
    ) -> Result<Vec<u64>, Error> {
        balance(a, &mut self.a);
        balance(b, &mut self.b);
        for step in plan.steps() {
            self.step(lanes, &step, crew)?;
        }
        let mut limbs = self.a.into_flattened();
        let zeros = limbs.iter().rev().take_while(|&&limb| limb == 0).count();
        limbs.truncate(limbs.len() - zeros);
        Ok(limbs)
    }

    /// Takes a and b from F(k), F(k+1) to the numbers `step` leads to.
    fn step<L: Lanes>(&mut self, lanes: L, step: &DoublingStep, crew: &Crew<'_>) -> Result<(), Error> {
        match (step.last, step.odd) {
            (false, false) => self.multiply(lanes, Even, step, crew)?,
            (false, true) => self.multiply(lanes, Odd, step, crew)?,
            (true, false) => self.multiply(lanes, LastEven, step, crew)?,
            (true, true) => self.multiply(lanes, LastOdd, step, crew)?,
        }
        self.carry(lanes, step, crew)
    }

    /// Leaves the coefficients of the products of a and b in the points.
    fn multiply<L: Lanes, P: Product>(
        &mut self,
        lanes: L,
        product: P,
        step: &DoublingStep,
        crew: &Crew<'_>,
    ) -> Result<(), Error> {
        let octets = step.length.points() / 8;
        let operands = [&self.a[..step.operand_octets()], &self.b[..step.operand_octets()]];
        let mut arrays = self.points.octets()[..step.arrays() * octets].chunks_exact_mut(octets);
        let mut array = || arrays.next().unwrap_or_default();
        let (a, b) = ([array(), array(), array()], [array(), array(), array()]);
        if step.is_joint() {
            let pairs = a.into_iter().zip(b).zip(&self.roots);
            let mut pairs: Vec<_> = pairs.map(|((a, b), roots)| PointPair { roots, a, b }).collect();
            multiply(lanes, product, step, crew, &mut pairs, operands)?;
        } else {
            let [b, ..] = b;
            for (a, roots) in a.into_iter().zip(&self.roots) {
                let mut pairs = [PointPair { roots, a, b: &mut *b }];
                multiply(lanes, product, step, crew, &mut pairs, operands)?;
            }
        }
        Ok(())
    }

    /// Replaces a, and before the last step b, by the limbs of their coefficients.
    fn carry<L: Lanes>(&mut self, lanes: L, step: &DoublingStep, crew: &Crew<'_>) -> Result<(), Error> {
        let garner = Garner::new(step.length.scale());
        let octets = step.length.points() / 8;
        let results = step.result_octets();
        let mut arrays = self.points.octets().chunks_exact(octets);
        let mut array = || arrays.next().unwrap_or_default();
        let (first, second) = ([array(), array(), array()], [array(), array(), array()]);
        let mut numbers = vec![(&mut self.a[..results], first)];
        if !step.last {
            numbers.push((&mut self.b[..results], second));
        }
        let ranges = results.div_ceil(CARRY_OCTETS);
        let mut overflows = vec![Overflow::default(); ranges * numbers.len()];
        let mut items = Vec::with_capacity(overflows.len());
        for ((limbs, residues), overflows) in numbers.iter_mut().zip(overflows.chunks_mut(ranges)) {
            let ranges = limbs.chunks_mut(CARRY_OCTETS).zip(overflows);
            items.extend(ranges.enumerate().map(|(range, (limbs, overflow))| {
                let start = range * CARRY_OCTETS;
                let part = |x: &&'_ [Octet]| start.min(x.len())..(start + limbs.len()).min(x.len());
                (residues.each_ref().map(part), *residues, limbs, overflow)
            }));
        }
        crew.for_each(items, step.carry_work(), |(ranges, residues, limbs, overflow)| {
            let residues = std::array::from_fn(|prime| &residues[prime][ranges[prime].clone()]);
            *overflow = if step.last {
                lanes.run(Carry::<true> { garner: &garner, residues, limbs })
            } else {
                lanes.run(Carry::<false> { garner: &garner, residues, limbs })
            };
        })?;
        let form = if step.last { Form::Canonical } else { Form::Balanced };
        for ((limbs, _), overflows) in numbers.into_iter().zip(overflows.chunks(ranges)) {
            let limbs = limbs.as_flattened_mut();
            for (range, &overflow) in overflows.iter().enumerate() {
                let end = limbs.len().min(8 * CARRY_OCTETS * (range + 1));
                settle(&mut limbs[end..], overflow, form);
            }
        }
        Ok(())
    }
}

/// Writes canonical limbs as balanced ones, with zeros above.
fn balance(limbs: &[u64], octets: &mut [LimbOctet]) {
    let mut carry = 0;
    let limbs = limbs.iter().copied().chain(std::iter::repeat_n(0, 1));
    for (to, limb) in octets.as_flattened_mut().iter_mut().zip(limbs) {
        let sum = limb as i64 + carry;
        carry = i64::from(sum >= BALANCED);
        *to = (sum - carry * LIMB as i64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Control;
    use crate::vector::lanes::Portable;
    use crate::vector::length::Length;

    /// Balanced limbs of two numbers, and what a step makes of them.
    fn products<L: Lanes>(lanes: L, a: &[i64], b: &[i64], odd: bool, last: bool, threads: usize) -> [Vec<u64>; 2] {
        let step = DoublingStep::of_limbs(a.len() as u64, 2 * a.len() as u64 + 1, odd, last);
        let roots = |prime: usize| Roots::new(&PRIMES[prime], step.length.roots());
        let mut arena = Arena {
            a: zeroed(step.result_octets()).unwrap(),
            b: zeroed(step.result_octets()).unwrap(),
            points: Points::zeroed(step.arrays() * step.length.points() / 8).unwrap(),
            roots: [roots(0), roots(1), roots(2)],
        };
        for (limbs, from) in [(&mut arena.a, a), (&mut arena.b, b)] {
            for (to, &limb) in limbs.as_flattened_mut().iter_mut().zip(from) {
                *to = limb as u64;
            }
        }
        let threads = || threads;
        let crew = Crew::new(Control { threads: &threads, ..Control::none() }, 1);
        arena.step(lanes, &step, &crew).unwrap();
        if last {
            arena.b.clear();
        }
        [arena.a, arena.b].map(|limbs| canonical(&limbs.into_flattened()))
    }

    /// Canonical limbs of a number that is not negative.
    fn canonical(limbs: &[u64]) -> Vec<u64> {
        let mut carry = 0;
        let mut limb = |&limb: &u64| {
            assert!((limb as i64).unsigned_abs() < LIMB);
            let sum = limb as i64 + carry;
            carry = sum.div_euclid(LIMB as i64);
            sum.rem_euclid(LIMB as i64) as u64
        };
        let canonical = limbs.iter().map(&mut limb).collect();
        assert_eq!(carry, 0);
        canonical
    }

    /// x²·times for x of `count` limbs of 5·10¹⁷ + 1 each, the largest there are.
    fn largest_square(count: usize, times: u128, octets: usize) -> Vec<u64> {
        let square = (BALANCED as u128) * (BALANCED as u128);
        let mut carry = 0;
        let mut limbs: Vec<u64> = (0..8 * octets)
            .map(|column| {
                let terms = (column + 1).min((2 * count).saturating_sub(column + 1)) as u128;
                // Up to 3·count·2.5·10³⁵, in two parts so that it fits.
                let (high, low) = (square / u128::from(LIMB), square % u128::from(LIMB));
                let sum = times * terms * low + carry;
                carry = sum / u128::from(LIMB) + times * terms * high;
                (sum % u128::from(LIMB)) as u64
            })
            .collect();
        assert_eq!(carry, 0);
        limbs.shrink_to_fit();
        limbs
    }

    fn extremes_are_right<L: Lanes>(lanes: L, count: usize) {
        for sign in [1, -1] {
            let limbs = vec![sign * BALANCED; count];
            let octets = (2 * count + 1).div_ceil(8);
            let times = |times| largest_square(count, times, octets);
            let message = format!("{count} limbs");
            assert_eq!(products(lanes, &limbs, &limbs, false, false, 1), [times(1), times(2)], "{message}");
            assert_eq!(products(lanes, &limbs, &limbs, true, false, 1), [times(2), times(3)], "{message}");
            assert_eq!(products(lanes, &limbs, &limbs, false, true, 1)[0], times(1), "{message}");
            assert_eq!(products(lanes, &limbs, &limbs, true, true, 1)[0], times(2), "{message}");
        }
    }

    /// Operands that just fit a length, and one limb less and more.
    fn boundaries(longest_block: usize) -> impl Iterator<Item = usize> {
        let single = (6..=10).map(|layers| Length { block: 1 << layers, blocks: 1 });
        let cut = [Length { block: 1 << 10, blocks: 17 }];
        let blocks = (6..).map(|layers| 1 << layers).take_while(move |&block| block <= longest_block);
        let several = blocks.flat_map(|block| (16..32).map(move |blocks| Length { block, blocks }));
        single.chain(several).chain(cut).flat_map(|length| {
            let fitting = length.points().div_ceil(2);
            [fitting - 1, fitting, fitting + 1]
        })
    }

    #[test]
    fn the_largest_limbs_are_right_at_the_ends_of_every_length() {
        // Miri takes minutes for one of them.
        let counts = if cfg!(miri) { vec![33, 513] } else { boundaries(64).collect() };
        counts.into_iter().for_each(|count| extremes_are_right(Portable, count));
        for count in boundaries(if cfg!(feature = "soak") { 1 << 14 } else { 256 }) {
            #[cfg(target_arch = "x86_64")]
            {
                use crate::vector::lanes::{Avx2, Avx512};
                Avx512::detect().into_iter().for_each(|lanes| extremes_are_right(lanes, count));
                Avx2::detect().into_iter().for_each(|lanes| extremes_are_right(lanes, count));
            }
            #[cfg(target_arch = "aarch64")]
            crate::vector::lanes::Neon::detect().into_iter().for_each(|lanes| extremes_are_right(lanes, count));
        }
    }
}
