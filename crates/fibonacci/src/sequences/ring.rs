//! The arithmetic that the sequences are computed in.

use dashu_int::fast_div::ConstDivisor;
use dashu_int::modular::Reduced;
use dashu_int::{IBig, UBig};

/// Numbers that can be added, subtracted and multiplied.
pub(crate) trait Ring {
    type Element: Clone;

    fn element(&self, integer: &IBig) -> Self::Element;
    fn add(&self, x: &Self::Element, y: &Self::Element) -> Self::Element;
    fn subtract(&self, x: &Self::Element, y: &Self::Element) -> Self::Element;
    fn multiply(&self, x: &Self::Element, y: &Self::Element) -> Self::Element;
}

/// The integers.
pub(super) struct Integers;

impl Ring for Integers {
    type Element = IBig;

    fn element(&self, integer: &IBig) -> IBig {
        integer.clone()
    }

    fn add(&self, x: &IBig, y: &IBig) -> IBig {
        x + y
    }

    fn subtract(&self, x: &IBig, y: &IBig) -> IBig {
        x - y
    }

    fn multiply(&self, x: &IBig, y: &IBig) -> IBig {
        if x.is_zero() || y.is_zero() { IBig::ZERO } else { x * y }
    }
}

/// The residues modulo m.
pub(super) struct Residues<'a>(&'a ConstDivisor);

impl<'a> Residues<'a> {
    pub(super) fn new(divisor: &'a ConstDivisor) -> Self {
        Residues(divisor)
    }
}

impl<'a> Ring for Residues<'a> {
    type Element = Reduced<'a>;

    fn element(&self, integer: &IBig) -> Reduced<'a> {
        self.0.reduce(integer.clone())
    }

    fn add(&self, x: &Reduced<'a>, y: &Reduced<'a>) -> Reduced<'a> {
        x + y
    }

    fn subtract(&self, x: &Reduced<'a>, y: &Reduced<'a>) -> Reduced<'a> {
        x - y
    }

    fn multiply(&self, x: &Reduced<'a>, y: &Reduced<'a>) -> Reduced<'a> {
        x * y
    }
}

/// Returns the divisor m, `None` if it is 0.
pub(super) fn divisor(m: &UBig) -> Option<ConstDivisor> {
    (!m.is_zero()).then(|| ConstDivisor::new(m.clone()))
}
