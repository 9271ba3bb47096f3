//! The steps from a small index up to n, known before any of them is taken.

use crate::goldilocks::points::{CUT_UNITS, Cut};
use crate::goldilocks::transform::{self, Transform};
use crate::limbs::{MAX_COLUMNS, digits_at_most, limbs_for};

/// The largest |n| the kernel takes on, and only where there are about a thousand gigabytes.
///
/// Beyond it the transforms have no roots of unity. `nth` answers [`Error::OutOfMemory`](crate::Error).
pub const MAX_INDEX: u64 = 700_000_000_000;

/// The largest index whose two numbers F(k), F(k+1) are single limbs.
pub(crate) const MAX_SINGLE: u64 = 86;

/// Maximum number of limbs of operands multiplied by columns; measured, the two are equal near here.
pub(crate) const COLUMN_LIMBS: u64 = 200;
const _: () = assert!(COLUMN_LIMBS as usize <= MAX_COLUMNS);

/// The steps to F(n), n ≥ 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    index: u64,
    /// How often the index is doubled; 0 when F(n) is read off a loop of additions.
    doublings: u32,
}

/// One doubling, from F(k) and F(k+1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// k.
    pub(crate) from: u64,
    /// Whether the step leads to 2k + 1 instead of 2k.
    pub(crate) odd: bool,
    /// Whether only the first of the two new numbers is needed.
    pub(crate) last: bool,
    pub(crate) method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Columns,
    Transform { cut: Cut, length: u64 },
}

impl Plan {
    pub(crate) fn new(index: u64) -> Self {
        let bits = u64::BITS - index.leading_zeros();
        Plan { index, doublings: if index <= MAX_SINGLE { 0 } else { bits - 6 } }
    }

    pub(crate) fn index(&self) -> u64 {
        self.index
    }

    /// The index the steps begin at.
    pub(crate) fn start(&self) -> u64 {
        self.index >> self.doublings
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        let Plan { index, doublings } = *self;
        (0..doublings).rev().map(move |shift| Step::new(index >> (shift + 1), (index >> shift) & 1 == 1, shift == 0))
    }

    /// Limbs of F(n): the capacity of the value.
    pub(crate) fn value_limbs(&self) -> u64 {
        limbs_for(digits_at_most(self.index))
    }

    /// Limbs of the second number: those of F(n/2 + 1), or of L(n/2).
    pub(crate) fn partner_limbs(&self) -> u64 {
        limbs_for(digits_at_most(self.index / 2 + 2))
    }

    /// The most blocks that any of the transforms has, 0 if there are none.
    pub(crate) fn most_blocks(&self) -> u64 {
        let blocks = |step: Step| match step.method {
            Method::Columns => 0,
            Method::Transform { length, .. } => transform::blocks(length),
        };
        self.steps().map(blocks).max().unwrap_or(0)
    }

    /// Words in each of the two buffers of points, which also hold the products by columns.
    pub(crate) fn buffer_words(&self) -> u64 {
        let words = |step: Step| match step.method {
            Method::Columns => step.product_limbs(),
            Method::Transform { length, .. } => length,
        };
        self.steps().map(words).max().unwrap_or(0)
    }

    /// All that is reserved at once, in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let words =
            u128::from(self.value_limbs()) + u128::from(self.partner_limbs()) + 2 * u128::from(self.buffer_words());
        let roots = Transform::bytes(self.most_blocks());
        u64::try_from(8 * words + u128::from(roots)).unwrap_or(u64::MAX)
    }

    /// The whole work in [`Meter`](crate::control::Meter) units, saturating.
    pub(crate) fn work(&self) -> u64 {
        self.steps().map(|step| step.work()).fold(CHECK_UNITS * self.value_limbs(), u64::saturating_add)
    }
}

/// Work of reading the residue off one limb, in [`Meter`](crate::control::Meter) units.
pub(crate) const CHECK_UNITS: u64 = 4;
/// Work of one limb of L(k), in [`Meter`](crate::control::Meter) units.
pub(crate) const LUCAS_UNITS: u64 = 4;
/// Work of combining two products into one limb of each result, in [`Meter`](crate::control::Meter) units.
pub(crate) const COMBINE_UNITS: u64 = 24;

impl Step {
    fn new(from: u64, odd: bool, last: bool) -> Self {
        // F(k+2) bounds all that is multiplied: F(k), F(k+1), and L(k) in the last step.
        let digits = digits_at_most(from + 2);
        let method = if limbs_for(digits) <= COLUMN_LIMBS {
            Method::Columns
        } else {
            let cut = Cut::fitting(digits);
            let coefficients = 2 * cut.points(digits) - 1;
            Method::Transform { cut, length: transform::length_for(coefficients) }
        };
        Step { from, odd, last, method }
    }

    /// The index of the first of the two new numbers.
    pub(crate) fn to(&self) -> u64 {
        2 * self.from + u64::from(self.odd)
    }

    /// Limbs the old numbers are kept in: enough for F(k+2), which bounds F(k), F(k+1) and L(k).
    pub(crate) fn operand_limbs(&self) -> u64 {
        limbs_for(digits_at_most(self.from + 2))
    }

    /// Limbs of a product of two old numbers.
    pub(crate) fn product_limbs(&self) -> u64 {
        2 * self.operand_limbs()
    }

    /// Limbs the new numbers are kept in: those of the next step's operands, or of the value.
    pub(crate) fn result_limbs(&self) -> u64 {
        let bound = if self.last { self.to() } else { self.to() + 2 };
        limbs_for(digits_at_most(bound))
    }

    /// Work of the step in [`Meter`](crate::control::Meter) units, saturating.
    pub(crate) fn work(&self) -> u64 {
        let products = match (self.method, self.last) {
            (Method::Columns, _) => column_units(self.operand_limbs()),
            (Method::Transform { length, .. }, false) => {
                transform::square_units(length).saturating_mul(2).saturating_add(2 * CUT_UNITS * self.operand_limbs())
            }
            (Method::Transform { length, .. }, true) => {
                transform::multiply_units(length).saturating_add(2 * CUT_UNITS * self.operand_limbs())
            }
        };
        let lucas = if self.last { LUCAS_UNITS * self.operand_limbs() } else { 0 };
        products.saturating_add(COMBINE_UNITS * self.result_limbs() + lucas)
    }
}

/// Work of the products of one step by columns, in [`Meter`](crate::control::Meter) units.
pub(crate) fn column_units(limbs: u64) -> u64 {
    2 * limbs * limbs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goldilocks::transform::MAX_BLOCKS;

    #[test]
    fn the_largest_index_has_transforms_and_the_next_power_of_two_has_not() {
        assert!(Plan::new(MAX_INDEX).most_blocks() <= MAX_BLOCKS);
        assert!(Plan::new(MAX_INDEX.next_power_of_two()).most_blocks() > MAX_BLOCKS);
    }

    #[test]
    fn steps_lead_from_the_start_to_the_index() {
        for n in [87, 128, 1_000, 123_457, u64::from(u32::MAX)] {
            let plan = Plan::new(n);
            let mut at = plan.start();
            for step in plan.steps() {
                assert_eq!(step.from, at);
                at = step.to();
                assert_eq!(step.last, at == n);
            }
            assert_eq!(at, n);
        }
    }
}
