//! Decimal places of φ in any number, with an estimate before.

use std::time::Duration;

use crate::check::{CHECK_MODULUS, residue_of};
use crate::limbs::{LIMB, LIMB_DIGITS, limbs_for};
use crate::sequences::{Decimals, Ring};
use crate::{Control, Decimal, Error, Estimate, goldilocks};

/// The digits of φ = (1 + √5)/2 with a number of decimal places, as the integer ⌊φ·10ᵈ⌋.
///
/// # Example
/// ```
/// use fibonacci::{Control, GoldenRatio};
/// assert_eq!(GoldenRatio::new(20).compute(&Control::none())?.to_string(), "161803398874989484820");
/// # Ok::<(), fibonacci::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoldenRatio {
    places: u64,
}

/// ⌊φ·10¹⁸⌋, with which the steps begin.
const FIRST: u64 = 1_618_033_988_749_894_848;

/// A step may leave the number this much too small.
const MAX_TOO_SMALL: usize = 2;

impl GoldenRatio {
    /// φ with d decimal places, cut off and not rounded.
    pub fn new(places: u64) -> Self {
        GoldenRatio { places }
    }

    /// Estimates what [`GoldenRatio::compute`] takes. The digits are exact.
    ///
    /// # Cost
    /// Under a tenth of a millisecond.
    pub fn estimate(&self) -> Estimate {
        let limbs = self.limbs();
        let linear =
            sizes(limbs).fold(CALL_NANOS, |nanos, limbs| nanos.saturating_add(limbs.saturating_mul(LINEAR_NANOS)));
        let nanos = units(limbs).saturating_add(linear);
        // The last square, with its root and its parts, or ten numbers when it is compared; and a quarter, for freed memory
        // that is too scattered to be used again.
        let needed = goldilocks::square_bytes(limbs + 1).saturating_add(limbs.saturating_mul(16));
        let needed = needed.max(limbs.saturating_mul(80));
        Estimate {
            digits: self.places.saturating_add(1),
            memory_bytes: needed.saturating_add(needed / 4).saturating_add(1 << 16),
            work: Duration::from_nanos(nanos),
        }
    }

    /// Computes ⌊φ·10ᵈ⌋.
    ///
    /// # Cost
    /// At each of the steps, which double the places, a square and a product of as many digits by the portable kernel,
    /// on one thread.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Cancelled`] soon after the flag is raised, and [`Error::CheckFailed`]: every step
    /// shows that its number x is ⌊φ·10ᵏ⌋, because 10²ᵏ + x·10ᵏ − x² is neither negative nor above 2x − 10ᵏ. The residue
    /// of that number is compared with one that is computed without the kernel.
    ///
    /// # Source
    /// Newton's method for x² = x + 1, where the inverse of 2x − 1 = √5 is √5/5: no step divides by a long number.
    pub fn compute(&self, control: &Control<'_>) -> Result<Decimal, Error> {
        let out_of_memory = || Error::OutOfMemory { needed_bytes: self.estimate().memory_bytes };
        let units = units(self.limbs());
        if units == u64::MAX {
            return Err(out_of_memory());
        }
        let ring = Decimals::new(*control, units);
        let computed = self.compute_in(&ring);
        ring.finish().map_err(|error| match error {
            Error::OutOfMemory { .. } => out_of_memory(),
            error => error,
        })?;
        computed
    }

    fn compute_in(&self, ring: &Decimals<'_>) -> Result<Decimal, Error> {
        let mut places = 1;
        let mut root = self.settle(ring, ring.element(&FIRST.into()), places)?;
        for next in sizes(self.limbs()).skip(1).map(|limbs| limbs as usize) {
            root = self.settle(ring, root.refined(ring, places, next), next)?;
            places = next;
        }
        // The last limb may have more places than were requested.
        let divisor = 10_u64.pow((LIMB_DIGITS * places as u64 - self.places) as u32);
        let (value, remainder) = divide(root.x.limbs(), divisor);
        let found = residue(u128::from(residue_of(value.limbs())) * u128::from(divisor) + u128::from(remainder));
        self.expect(residue_of(root.x.limbs()), found)?;
        Ok(value)
    }

    /// Raises x, which is a little too small, to ⌊φ·10ᵏ⌋ for the given limbs of places.
    fn settle(&self, ring: &Decimals<'_>, mut x: Decimal, places: usize) -> Result<PhiStep, Error> {
        let square = ring.multiply(&x, &x);
        let unit = power(places);
        let mut rest = ring.subtract(&shifted(&ring.add(&x, &unit), places), &square);
        drop(square);
        let (x_residue, unit_residue) = (residue_of(x.limbs()), limb_power(places));
        let product = |a: u64, b: u64| residue(u128::from(a) * u128::from(b));
        let expected = product(x_residue + unit_residue, unit_residue) + CHECK_MODULUS - product(x_residue, x_residue);
        if rest.is_negative() {
            return Err(self.failed(expected % CHECK_MODULUS, CHECK_MODULUS - residue_of(rest.limbs())));
        }
        self.expect(expected % CHECK_MODULUS, residue_of(rest.limbs()))?;
        let one = ring.element(&1.into());
        for _ in 0..=MAX_TOO_SMALL {
            let next = ring.add(&x, &one);
            // What x + 1 leaves.
            let next_rest = ring.subtract(&ring.add(&rest, &unit), &ring.add(&x, &next));
            if next_rest.is_negative() {
                return Ok(PhiStep { x, rest });
            }
            (x, rest) = (next, next_rest);
        }
        Err(self.failed(0, residue_of(rest.limbs())))
    }

    fn expect(&self, expected: u64, found: u64) -> Result<(), Error> {
        if expected == found { Ok(()) } else { Err(self.failed(expected, found)) }
    }

    fn failed(&self, expected: u64, found: u64) -> Error {
        Error::CheckFailed { index: self.places.cast_signed(), modulus: CHECK_MODULUS, expected, found }
    }

    /// The limbs of the places.
    fn limbs(&self) -> u64 {
        limbs_for(self.places).max(1)
    }
}

/// x = ⌊φ·10ᵏ⌋, and 10²ᵏ + x·10ᵏ − x².
struct PhiStep {
    x: Decimal,
    rest: Decimal,
}

impl PhiStep {
    /// Returns a number with more limbs of places, at most twice as many, that is a little too small:
    /// x + (1 + x − x²)·(2x − 1)/5.
    fn refined(self, ring: &Decimals<'_>, places: usize, next: usize) -> Decimal {
        let PhiStep { x, rest } = self;
        let correction = {
            let slope = ring.subtract(&ring.add(&x, &x), &power(places));
            let product = ring.multiply(&rest, &slope);
            let dropped = (3 * places - next).min(product.limbs().len());
            divide(&product.limbs()[dropped..], 5).0
        };
        ring.add(&shifted(&x, next - places), &correction)
    }
}

/// A call with its first steps, and what sums, shifts and divisions take for each limb of a step.
const CALL_NANOS: u64 = 2_000;
const LINEAR_NANOS: u64 = 150;

/// The limbs of the places at each step: the last ones are those given, and each has at most twice as many as the one
/// before.
fn sizes(limbs: u64) -> impl Iterator<Item = u64> {
    let doublings = u64::BITS - (limbs - 1).leading_zeros();
    (0..=doublings).rev().map(move |halvings| limbs.div_ceil(1 << halvings))
}

/// The work of all steps: the square of each, and the product for the next one.
fn units(limbs: u64) -> u64 {
    sizes(limbs).fold(0, |units, size| {
        let square = goldilocks::units(size + 1, size + 1, true);
        let product = if size < limbs { goldilocks::units(size + 1, size + 1, false) } else { 0 };
        units.saturating_add(square).saturating_add(product)
    })
}

/// 10¹⁸ to this power.
fn power(limbs: usize) -> Decimal {
    shifted(&Decimal::new(false, vec![1]), limbs)
}

/// x times 10¹⁸ to this power, for x > 0.
fn shifted(x: &Decimal, limbs: usize) -> Decimal {
    let mut shifted = Vec::with_capacity(limbs + x.limbs().len());
    shifted.resize(limbs, 0);
    shifted.extend_from_slice(x.limbs());
    Decimal::new(false, shifted)
}

/// Quotient and remainder of limbs by a divisor of at most [`LIMB`].
fn divide(limbs: &[u64], divisor: u64) -> (Decimal, u64) {
    let mut remainder = 0;
    let mut quotient: Vec<u64> = limbs
        .iter()
        .rev()
        .map(|&limb| {
            let dividend = u128::from(remainder) * u128::from(LIMB) + u128::from(limb);
            remainder = (dividend % u128::from(divisor)) as u64;
            (dividend / u128::from(divisor)) as u64
        })
        .skip_while(|&limb| limb == 0)
        .collect();
    quotient.reverse();
    (Decimal::new(false, quotient), remainder)
}

/// 10¹⁸ to this power, modulo [`CHECK_MODULUS`].
fn limb_power(mut exponent: usize) -> u64 {
    let (mut power, mut factor) = (1, LIMB);
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = residue(u128::from(power) * u128::from(factor));
        }
        factor = residue(u128::from(factor) * u128::from(factor));
        exponent /= 2;
    }
    power
}

fn residue(x: u128) -> u64 {
    (x % u128::from(CHECK_MODULUS)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_too_small_is_raised_and_any_other_is_an_error() {
        let ring = Decimals::new(Control::none(), 1);
        for limbs in [1, 2, 3, 250] {
            let ratio = GoldenRatio::new(LIMB_DIGITS * limbs as u64);
            let right = ratio.compute(&Control::none()).unwrap();
            for too_small in 0..=2 {
                let x = ring.subtract(&right, &ring.element(&too_small.into()));
                assert!(ratio.settle(&ring, x, limbs).unwrap().x == right, "{limbs} limbs");
            }
            for wrong in [-1, 3, 1_000] {
                let x = ring.subtract(&right, &ring.element(&wrong.into()));
                let settled = ratio.settle(&ring, x, limbs);
                assert!(matches!(settled, Err(Error::CheckFailed { .. })), "{limbs} limbs, {wrong} too small");
            }
        }
    }
}
