//! The steps from the first transform to n, and what they take, known before any is taken.

use super::crt::MAX_OPERAND_LIMBS;
use super::length::Length;
use super::roots::Roots;
use crate::limbs::{digits_at_most, limbs_for};

/// The steps to F(n), from F(k) and F(k+1) for a k that is short.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoublingPlan {
    index: u64,
    doublings: u32,
}

/// One doubling, from F(k) and F(k+1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoublingStep {
    /// Limbs of the old numbers, with a digit for the sign.
    pub(crate) operand_limbs: u64,
    /// Limbs of the new numbers: those of the next step's operands, or of the value.
    pub(crate) result_limbs: u64,
    /// Whether the step leads to 2k + 1 instead of 2k.
    pub(crate) odd: bool,
    /// Whether only the first of the two new numbers is needed.
    pub(crate) last: bool,
    pub(crate) length: Length,
}

/// Operands up to this many limbs are doubled without a transform.
pub(crate) const SHORT_LIMBS: u64 = 64;

/// The largest n the primes are large enough for.
pub(crate) const MAX_INDEX: u64 = 19_000_000_000;
const _: () = assert!(operand_limbs(MAX_INDEX / 2) <= MAX_OPERAND_LIMBS);

impl DoublingPlan {
    /// For n ≤ [`MAX_INDEX`] that has more than [`SHORT_LIMBS`] limbs in half.
    pub(crate) fn new(index: u64) -> Self {
        let mut doublings = 1;
        while operand_limbs(index >> doublings) > SHORT_LIMBS {
            doublings += 1;
        }
        // The first step with a transform begins above, one doubling from what is short.
        DoublingPlan { index, doublings: doublings - 1 }
    }

    /// The index the steps begin at.
    pub(crate) fn start(&self) -> u64 {
        self.index >> self.doublings
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = DoublingStep> + use<> {
        let DoublingPlan { index, doublings } = *self;
        (0..doublings)
            .rev()
            .map(move |shift| DoublingStep::new(index >> (shift + 1), (index >> shift) & 1 == 1, shift == 0))
    }

    /// Octets of limbs for F(n), which has no sign, or for the larger numbers before the last step.
    pub(crate) fn value_octets(&self) -> usize {
        octets(limbs_for(digits_at_most(self.index)))
    }

    /// Octets of limbs for the second number.
    pub(crate) fn partner_octets(&self) -> usize {
        octets(operand_limbs(self.index / 2))
    }

    /// Octets of points: six arrays in a step, and four in the last.
    pub(crate) fn point_octets(&self) -> usize {
        self.steps().map(|step| step.arrays() * step.length.points() / 8).max().unwrap_or(0)
    }

    /// Roots T(s) are needed for s below this.
    pub(crate) fn roots(&self) -> usize {
        self.steps().map(|step| step.length.roots()).max().unwrap_or(0)
    }

    /// All that is reserved at once, in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let octets = self.value_octets() + self.partner_octets() + self.point_octets();
        64 * octets as u64 + Roots::bytes(self.roots())
    }

    /// The whole work in units of about a nanosecond.
    pub(crate) fn work(&self) -> u64 {
        self.steps().map(|step| step.work()).sum::<u64>() + self.check_work()
    }

    /// Work of the check of the value.
    pub(crate) fn check_work(&self) -> u64 {
        CHECK_UNITS * 8 * self.value_octets() as u64
    }
}

/// Work of preparing a step.
const STEP_UNITS: u64 = 700;
/// Two blocks of this many points fill 2 MiB.
const LONGEST_CACHED: usize = 1 << 17;
/// A last step of up to this many points takes all primes at once: threads wake four times instead of ten.
const LONGEST_JOINT_LAST: usize = 1 << 15;
/// Work of reading the residue off one limb.
const CHECK_UNITS: u64 = 4;

impl DoublingStep {
    fn new(from: u64, odd: bool, last: bool) -> Self {
        let to = 2 * from + u64::from(odd);
        let result_limbs = if last { limbs_for(digits_at_most(to)) } else { operand_limbs(to) };
        DoublingStep::of_limbs(operand_limbs(from), result_limbs, odd, last)
    }

    /// A step between numbers of these lengths.
    pub(crate) fn of_limbs(operand_limbs: u64, result_limbs: u64, odd: bool, last: bool) -> Self {
        let length = Length::for_coefficients(2 * operand_limbs as usize - 1);
        DoublingStep { operand_limbs, result_limbs, odd, last, length }
    }

    /// Octets of limbs of the old numbers.
    pub(crate) fn operand_octets(&self) -> usize {
        octets(self.operand_limbs)
    }

    /// Octets of limbs of the new numbers.
    pub(crate) fn result_octets(&self) -> usize {
        octets(self.result_limbs)
    }

    /// Whether all primes are done at once. In a long last step one after the other is: it needs less memory.
    pub(crate) fn is_joint(&self) -> bool {
        !self.last || self.length.points() <= LONGEST_JOINT_LAST
    }

    /// Arrays of points: of both numbers for every prime, or of one number for every prime and of the other for one
    /// at a time.
    pub(crate) fn arrays(&self) -> usize {
        if self.is_joint() { 6 } else { 4 }
    }

    /// Arrays that are transformed back, for each prime.
    fn products(&self) -> u64 {
        if self.last { 1 } else { 2 }
    }

    /// Work of the step.
    pub(crate) fn work(&self) -> u64 {
        STEP_UNITS + 3 * (self.entry_work() + self.block_work() + self.exit_work()) + self.carry_work()
    }

    /// Work of the first layers for one prime.
    pub(crate) fn entry_work(&self) -> u64 {
        if self.length.blocks == 1 { self.points() } else { 2 * self.points() }
    }

    /// Work of the blocks for one prime: longer ones go through the cache twice.
    pub(crate) fn block_work(&self) -> u64 {
        let layers = u64::from(self.length.block.trailing_zeros());
        let work = self.points() * layers * (2 + self.products()) / 8;
        if self.length.block > LONGEST_CACHED { work * 4 / 3 } else { work }
    }

    /// Work of the last layers for one prime.
    pub(crate) fn exit_work(&self) -> u64 {
        if self.length.blocks == 1 { 0 } else { self.products() * self.points() }
    }

    /// Work of the carries.
    pub(crate) fn carry_work(&self) -> u64 {
        4 * 8 * self.result_octets() as u64 * self.products()
    }

    fn points(&self) -> u64 {
        self.length.points() as u64
    }
}

/// Limbs for F(k), F(k+1) and what is added of them, balanced: a digit is kept for the sign.
pub(crate) const fn operand_limbs(k: u64) -> u64 {
    limbs_for(digits_at_most(k + 2) + 1)
}

fn octets(limbs: u64) -> usize {
    limbs.div_ceil(8) as usize
}
