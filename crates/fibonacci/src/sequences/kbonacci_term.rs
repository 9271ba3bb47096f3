//! k-bonacci numbers of any size in decimal, with an estimate before.

use std::time::Duration;

use dashu_int::UBig;

use super::SequenceError;
use super::decimals::{Decimals, operand_limbs};
use super::kbonacci::{check_order, highest_coefficient, kbonacci_modulo};
use super::term::{CALL_NANOS, check_residue, float_digits};
use crate::check::CHECK_MODULUS;
use crate::{Control, Decimal, Error, Estimate, goldilocks};

/// A k-bonacci number T(n), as [`kbonacci`](crate::kbonacci) has it.
///
/// # Example
/// ```
/// use fibonacci::{Control, KbonacciTerm};
/// assert_eq!(KbonacciTerm::new(3, 10)?.compute(&Control::none())?.to_string(), "81");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KbonacciTerm {
    k: u32,
    n: i64,
}

/// The limbs of the operands of a doubling, and the work of its products.
struct KbonacciStep {
    limbs: u64,
    units: u64,
}

impl KbonacciTerm {
    /// T(n), the sum of the k before.
    ///
    /// # Errors
    /// [`SequenceError::Order`].
    pub fn new(k: u32, n: i64) -> Result<Self, SequenceError> {
        check_order(k)?;
        Ok(KbonacciTerm { k, n })
    }

    /// Estimates what [`KbonacciTerm::compute`] takes. The digits are an upper bound: mostly those of the value if n is
    /// not negative.
    ///
    /// # Cost
    /// Under a tenth of a millisecond.
    pub fn estimate(&self) -> Estimate {
        let k = u64::from(self.k);
        let nanos = self.steps().fold(CALL_NANOS, |nanos, step| {
            // Sums of products, and the reduction of high coefficients.
            nanos.saturating_add(step.units).saturating_add(step.limbs.saturating_mul(SUM_NANOS * k * k))
        });
        let limbs = self.steps().last().map_or(1, |step| step.limbs).saturating_mul(2);
        Estimate {
            digits: self.digits(),
            // The coefficients of a square, the operands, and what a product takes.
            memory_bytes: limbs.saturating_mul(8 * (3 * k + 17)).saturating_add(1 << 16),
            work: Duration::from_nanos(nanos),
        }
    }

    /// Computes T(n).
    ///
    /// # Cost
    /// k(k + 1)/2 products of the portable kernel in each doubling, on one thread.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Cancelled`] soon after the flag is raised, and [`Error::CheckFailed`]: the
    /// residue of every value is compared with one that is computed without it.
    pub fn compute(&self, control: &Control<'_>) -> Result<Decimal, Error> {
        let out_of_memory = || Error::OutOfMemory { needed_bytes: self.estimate().memory_bytes };
        let units = self.steps().map(|step| step.units).fold(0, u64::saturating_add);
        if units == u64::MAX {
            return Err(out_of_memory());
        }
        let ring = Decimals::new(*control, units);
        let value = highest_coefficient(&ring, self.k as usize, self.n.into());
        ring.finish().map_err(|error| match error {
            Error::OutOfMemory { .. } => out_of_memory(),
            error => error,
        })?;
        let expected = kbonacci_modulo(self.k, self.n, &UBig::from(CHECK_MODULUS));
        check_residue(&value, self.n, expected.ok())?;
        Ok(value)
    }

    fn steps(&self) -> impl Iterator<Item = KbonacciStep> {
        let k = u64::from(self.k);
        operand_limbs(self.n.unsigned_abs(), self.growth()).map(move |limbs| {
            let (product, square) = (goldilocks::units(limbs, limbs, false), goldilocks::units(limbs, limbs, true));
            let products = product.saturating_mul(k * (k - 1) / 2);
            KbonacciStep { limbs, units: products.saturating_add(square.saturating_mul(k)) }
        })
    }

    /// The digits that an index adds, at most.
    fn growth(&self) -> f64 {
        if self.n < 0 { self.backward_root().log10() } else { self.root().log10() }
    }

    /// The largest root of x^k − x^(k−1) − … − 1: that of x^(k+1) = 2x^k − 1 below 2.
    fn root(&self) -> f64 {
        (0..ITERATIONS).fold(2.0, |root: f64, _| 2.0 - root.powi(-self.k.cast_signed()))
    }

    /// A t with |T(−n)| ≤ tⁿ: read backwards, y(n+k+1) = 2y(n+1) − y(n), so that it is enough if t^(k+1) = 2t + 1.
    fn backward_root(&self) -> f64 {
        (0..ITERATIONS).fold(2.0, |root: f64, _| (2.0 * root + 1.0).powf(1.0 / f64::from(self.k + 1)))
    }

    /// An upper bound of the digits of T(n).
    fn digits(&self) -> u64 {
        let (k, n) = (f64::from(self.k), self.n.unsigned_abs() as f64);
        let logarithm = if self.n < 0 {
            n * self.backward_root().log10()
        } else if self.n < i64::from(self.k) {
            // 0 or 1.
            0.0
        } else {
            // T(n) is the integer nearest to (r − 1)/(2 + (k+1)(r − 2))·r^(n−k+1) (Dresden and Du, "A simplified Binet
            // formula for k-generalized Fibonacci numbers", 2014).
            let root = self.root();
            let factor = (root - 1.0) / (2.0 - (k + 1.0) * root.powf(-k));
            factor.log10() + (n - k + 1.0) * root.log10()
        };
        float_digits(logarithm + 1e-12 + n * 1e-15)
    }
}

/// Enough for the roots to be as exact as they can be.
const ITERATIONS: usize = 100;

/// The time of the sums of a doubling for each limb of its operands, divided by k².
const SUM_NANOS: u64 = 6;
