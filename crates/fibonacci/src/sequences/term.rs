//! Terms of any size in decimal: L(n), U(n), V(n) and own seeds, with an estimate before.

use std::time::Duration;

use dashu_int::ops::UnsignedAbs;
use dashu_int::{IBig, UBig};

use super::decimals::{Decimals, operand_limbs};
use super::recurrence::{Terms, modular};
use super::ring::Ring;
use super::{LucasParameters, SequenceError};
use crate::check::{CHECK_MODULUS, residue_of};
use crate::{Control, Decimal, Error, Estimate, estimate, goldilocks, nth_with};

/// A term x(n) of the sequence with x(0) = a, x(1) = b and x(n) = P·x(n−1) − Q·x(n−2).
///
/// # Example
/// ```
/// use fibonacci::{Control, LucasParameters, Term};
/// let pell = LucasParameters { p: 2.into(), q: (-1).into() };
/// assert_eq!(Term::u(pell, 10)?.compute(&Control::none())?.to_string(), "2378");
/// assert_eq!(Term::lucas(10).compute(&Control::none())?.to_string(), "123");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    parameters: LucasParameters,
    a: IBig,
    b: IBig,
    n: i64,
}

impl Term {
    /// L(n), as [`lucas`](crate::lucas) has it.
    pub fn lucas(n: i64) -> Self {
        Term::seeded(2.into(), IBig::ONE, n)
    }

    /// G(a, b, n), as [`seeded`](crate::seeded) has it.
    pub fn seeded(a: IBig, b: IBig, n: i64) -> Self {
        Term { parameters: LucasParameters::fibonacci(), a, b, n }
    }

    /// U(n), as [`lucas_u`](crate::lucas_u) has it.
    ///
    /// # Errors
    /// [`SequenceError::NotInvertible`] for a negative n, unless Q is 1 or −1.
    pub fn u(parameters: LucasParameters, n: i64) -> Result<Self, SequenceError> {
        Term { parameters, a: IBig::ZERO, b: IBig::ONE, n }.checked()
    }

    /// V(n), as [`lucas_v`](crate::lucas_v) has it.
    ///
    /// # Errors
    /// [`SequenceError::NotInvertible`] for a negative n, unless Q is 1 or −1.
    pub fn v(parameters: LucasParameters, n: i64) -> Result<Self, SequenceError> {
        let b = parameters.p.clone();
        Term { parameters, a: 2.into(), b, n }.checked()
    }

    fn checked(self) -> Result<Self, SequenceError> {
        let is_whole = self.n >= 0 || self.parameters.q.clone().unsigned_abs().is_one();
        is_whole.then_some(self).ok_or(SequenceError::NotInvertible)
    }

    /// Estimates what [`Term::compute`] takes. The digits are an upper bound, and mostly those of the value. Time and
    /// memory of U(n) and V(n) follow from the sizes of their products; they were not compared with measurements.
    ///
    /// # Cost
    /// Under a tenth of a millisecond for parameters of 64 bits.
    pub fn estimate(&self) -> Estimate {
        let forwards = self.forwards();
        let digits = forwards.digits();
        if !self.is_fibonacci() {
            return forwards.doubling_estimate(digits);
        }
        let parts = [self.n.saturating_sub(1), self.n].map(estimate);
        let value_bytes = digits.saturating_mul(4) / 9 + 64;
        let add = |duration: Duration, nanos| duration.saturating_add(Duration::from_nanos(nanos));
        Estimate {
            digits,
            // The first of both stays while the second is computed. In the end both, multiplied, and their sum remain.
            memory_bytes: (parts[0].memory_bytes.max(parts[1].memory_bytes).saturating_add(value_bytes))
                .max(value_bytes.saturating_mul(4)),
            work: add(parts[0].work.saturating_add(parts[1].work), CALL_NANOS.saturating_add(digits / 2)),
        }
    }

    /// Computes the term.
    ///
    /// # Cost
    /// L(n) and own seeds are put together from F(n−1) and F(n), one computed after the other. Others are doubled on one
    /// thread, with three products of the portable kernel in each step.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Cancelled`] soon after the flag is raised, and [`Error::CheckFailed`]: the
    /// residue of every value is compared with one that is computed without it.
    pub fn compute(&self, control: &Control<'_>) -> Result<Decimal, Error> {
        let computed = if self.is_fibonacci() { self.combine(control) } else { self.double(control) };
        let value = computed.map_err(|error| match error {
            Error::OutOfMemory { .. } => Error::OutOfMemory { needed_bytes: self.estimate().memory_bytes },
            error => error,
        })?;
        check_residue(&value, self.n, self.residue())?;
        Ok(value)
    }

    fn is_fibonacci(&self) -> bool {
        self.parameters == LucasParameters::fibonacci()
    }

    /// a·F(n−1) + b·F(n)
    fn combine(&self, control: &Control<'_>) -> Result<Decimal, Error> {
        let before = self.n.checked_sub(1).ok_or(Error::OutOfMemory { needed_bytes: u64::MAX })?;
        let ring = Decimals::new(*control, 1);
        let part = |factor: &IBig, n, done: f64| {
            if factor.is_zero() {
                return Ok(ring.element(factor));
            }
            let progress = |fraction: f64| (control.progress)(done + fraction / 2.0);
            let value = nth_with(n, &Control { progress: &progress, ..*control })?;
            Ok(ring.multiply(&ring.element(factor), &value))
        };
        let first = part(&self.a, before, 0.0)?;
        let sum = ring.add(&first, &part(&self.b, self.n, 0.5)?);
        ring.finish()?;
        Ok(sum)
    }

    fn double(&self, control: &Control<'_>) -> Result<Decimal, Error> {
        let Forwards { p, q, a, b, n } = self.forwards();
        let ring = Decimals::new(*control, self.forwards().steps().map(|step| step.units).fold(0, u64::saturating_add));
        let terms = Terms::at(&ring, ring.element(&p), ring.element(&q), &UBig::from(n));
        let value = terms.term(&ring, &a, &b);
        ring.finish()?;
        Ok(value)
    }

    /// The residue of the term, computed without it.
    fn residue(&self) -> Option<UBig> {
        modular(&self.parameters, self.n.into(), &CHECK_MODULUS.into(), &self.a, &self.b).ok()
    }

    /// The same term at an index that is not negative: the sequence read backwards has P/Q and 1/Q, with Q = ±1.
    fn forwards(&self) -> Forwards {
        let LucasParameters { p, q } = &self.parameters;
        let (a, n) = (self.a.clone(), self.n.unsigned_abs());
        if self.n < 0 {
            Forwards { p: p * q, q: q.clone(), b: q * (p * &a - &self.b), a, n }
        } else {
            Forwards { p: p.clone(), q: q.clone(), a, b: self.b.clone(), n }
        }
    }
}

/// Compares the residue of the value at an index with the one that it must have.
pub(super) fn check_residue(value: &Decimal, index: i64, expected: Option<UBig>) -> Result<(), Error> {
    let expected = expected.and_then(|residue| u64::try_from(residue).ok());
    let found = match residue_of(value.limbs()) {
        residue if value.is_negative() && residue > 0 => CHECK_MODULUS - residue,
        residue => residue,
    };
    if expected == Some(found) {
        return Ok(());
    }
    Err(Error::CheckFailed { index, modulus: CHECK_MODULUS, expected: expected.unwrap_or_default(), found })
}

/// A call, with the check of its value.
pub(super) const CALL_NANOS: u64 = 5_000;

/// Parameters, seeds, and an index from 0 on.
struct Forwards {
    p: IBig,
    q: IBig,
    a: IBig,
    b: IBig,
    n: u64,
}

/// A doubling: the limbs of its operands, and the work of its products.
struct TermStep {
    limbs: u64,
    units: u64,
}

impl Forwards {
    fn doubling_estimate(&self, digits: u64) -> Estimate {
        let nanos = self.steps().fold(CALL_NANOS, |nanos, step| {
            // Sums and small products, of two sizes.
            nanos.saturating_add(step.units).saturating_add(step.limbs.saturating_mul(60))
        });
        let limbs = self.steps().last().map_or(1, |step| step.limbs).saturating_mul(2);
        Estimate {
            digits,
            // Two arrays of 3 points for each limb, in lengths up to a third longer, and up to seven numbers.
            memory_bytes: limbs.saturating_mul(8 * 17).saturating_add(1 << 16),
            work: Duration::from_nanos(nanos),
        }
    }

    fn steps(&self) -> impl Iterator<Item = TermStep> {
        operand_limbs(self.n, self.growth()).map(|limbs| {
            let (product, square) = (goldilocks::units(limbs, limbs, false), goldilocks::units(limbs, limbs, true));
            TermStep { limbs, units: product.saturating_add(square.saturating_mul(2)) }
        })
    }

    /// The digits that an index adds.
    fn growth(&self) -> f64 {
        self.roots().0.log10().max(0.0)
    }

    /// The magnitudes of the roots of x² − P·x + Q, the larger first.
    fn roots(&self) -> (f64, f64) {
        let (p, q) = (float(&self.p), float(&self.q));
        let discriminant = float(&self.discriminant());
        if discriminant < 0.0 {
            return (q.sqrt(), q.sqrt());
        }
        let larger = (p.abs() + discriminant.sqrt()) / 2.0;
        (larger, if larger > 0.0 { (q / larger).abs() } else { 0.0 })
    }

    fn discriminant(&self) -> IBig {
        &self.p * &self.p - &self.q * IBig::from(4)
    }

    /// An upper bound of the digits of the value.
    fn digits(&self) -> u64 {
        let (a, b, n) = (float(&self.a), float(&self.b), self.n as f64);
        if self.n < 2 {
            return float_digits(if self.n == 0 { a.abs() } else { b.abs() }.log10());
        }
        let (larger, smaller) = self.roots();
        if larger == 0.0 {
            return 1;
        }
        let discriminant = float(&self.discriminant());
        // Seeds that nearly cancel out leave what the arithmetic loses.
        let lost = |x: f64, y: f64| (x - y).abs() + 1e-15 * (x.abs() + y.abs());
        let logarithm = if discriminant == 0.0 {
            // x(n) = (a + (b/r − a)·n)·rⁿ
            (a.abs() + n * (b.abs() / larger + a.abs())).log10() + n * larger.log10()
        } else if discriminant < 0.0 {
            // |x(n)| ≤ 2·|b − a·s|/√|D| · |r|ⁿ
            let half = lost(b, a * float(&self.p) / 2.0);
            let difference = (half * half - a * a * discriminant / 4.0).sqrt();
            (2.0 * difference / (-discriminant).sqrt()).log10() + n * larger.log10()
        } else {
            // x(n) = (b − a·s)/(r − s)·rⁿ + (a·r − b)/(r − s)·sⁿ
            let sign = if float(&self.p) < 0.0 { -1.0 } else { 1.0 };
            let (r, s) = (sign * larger, float(&self.q) / (sign * larger));
            let root = discriminant.sqrt();
            let first = (lost(b, a * s) / root).log10() + n * larger.log10();
            let second = (lost(a * r, b) / root).log10() + n * smaller.log10();
            let (most, least) = (first.max(second), first.min(second));
            most + (1.0 + 10_f64.powf(least - most)).log10()
        };
        float_digits(logarithm + 1e-12 + n * larger.log10().abs() * 1e-15)
    }
}

/// The digits of a number with this logarithm; saturates.
pub(super) fn float_digits(logarithm: f64) -> u64 {
    // Negative and infinite logarithms are those of 0 and 1.
    (logarithm.max(0.0) as u64).saturating_add(1)
}

fn float(integer: &IBig) -> f64 {
    integer.to_f64().value()
}
