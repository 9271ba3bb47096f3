//! The products of F(k) and F(k+1) between the transforms, point by point.

use super::field::Field;
use super::lanes::Lanes;

/// The one or two products of a step, as [`Product::of`] forms them of a = F(k) and b = F(k+1).
///
/// Every product is a sum of at most [`TERMS`] products of values no larger than the operands.
pub(crate) trait Product: Copy + Send + Sync {
    /// Whether there is a second product.
    const TWO: bool;

    /// The products of two residues that are reduced.
    fn of<L: Lanes>(self, f: Field<L>, a: L::Reals, b: L::Reals) -> (L::Reals, L::Reals);
}

/// The maximum number of products of two coefficients that are added up in one term.
pub(crate) const TERMS: u64 = 3;

/// F(2k) = a·(2b − a) and F(2k+1) = a² + b².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Even;

/// F(2k+1) = a² + b² and F(2k+2) = b·(2a + b).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odd;

/// F(2k) = a·(2b − a) alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastEven;

/// F(2k+1) = a² + b² alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastOdd;

impl Product for Even {
    const TWO: bool = true;

    #[inline(always)]
    fn of<L: Lanes>(self, f: Field<L>, a: L::Reals, b: L::Reals) -> (L::Reals, L::Reals) {
        (even(f, a, b), squares(f, a, b))
    }
}

impl Product for Odd {
    const TWO: bool = true;

    #[inline(always)]
    fn of<L: Lanes>(self, f: Field<L>, a: L::Reals, b: L::Reals) -> (L::Reals, L::Reals) {
        (squares(f, a, b), f.product(b, f.add(f.add(a, a), b)))
    }
}

impl Product for LastEven {
    const TWO: bool = false;

    #[inline(always)]
    fn of<L: Lanes>(self, f: Field<L>, a: L::Reals, b: L::Reals) -> (L::Reals, L::Reals) {
        (even(f, a, b), b)
    }
}

impl Product for LastOdd {
    const TWO: bool = false;

    #[inline(always)]
    fn of<L: Lanes>(self, f: Field<L>, a: L::Reals, b: L::Reals) -> (L::Reals, L::Reals) {
        (squares(f, a, b), b)
    }
}

/// a·(2b − a)
#[inline(always)]
fn even<L: Lanes>(f: Field<L>, a: L::Reals, b: L::Reals) -> L::Reals {
    f.product(a, f.sub(f.add(b, b), a))
}

/// a² + b²
#[inline(always)]
fn squares<L: Lanes>(f: Field<L>, a: L::Reals, b: L::Reals) -> L::Reals {
    f.reduce(f.add(f.product(a, a), f.product(b, b)))
}
