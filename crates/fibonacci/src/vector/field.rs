//! Arithmetic modulo a prime of 49 bits, in the 53 bits of an `f64`.
//!
//! A residue is any integer below 2⁵³ in magnitude. Sums are not reduced; a product a·w is, to r with
//!
//! |r| ≤ p/2 + p·|a·w/p|·2⁻⁵²,
//!
//! and it is exact while |a·w/p| < 2⁵¹: the fused operations give a·w as h − l exactly, the
//! quotient q is a·w/p rounded to an integer, and h − q·p and this less l are integers below 2⁵³. With |w|
//! near p/2 this allows |a| up to 8p. `range.rs` executes these bounds.

use super::lanes::Lanes;
use super::residues::balanced;
use super::root_table::{Inverses, RootTable};

/// A prime, its constants and its roots of unity.
#[derive(Debug)]
pub(crate) struct Prime {
    /// The prime itself.
    pub(crate) modulus: u64,
    /// A number of which all residues but 0 are powers.
    pub(crate) generator: u64,
    /// The prime as a real number.
    pub(crate) p: f64,
    /// 1/p, rounded.
    pub(crate) inverse: f64,
    pub(crate) roots: RootTable,
    pub(crate) inverse_roots: RootTable,
}

/// The three primes: below 2⁴⁹, with roots of unity of order 2³⁴ at least. Their product is above 2¹⁴⁶·⁹⁹.
pub(crate) const MODULI: [u64; 3] = [562_451_737_214_977, 562_194_039_177_217, 562_090_959_962_113];

/// The same with all their constants.
pub(crate) static PRIMES: [Prime; 3] = [Prime::new(MODULI[0], 5), Prime::new(MODULI[1], 5), Prime::new(MODULI[2], 10)];

impl Prime {
    const fn new(modulus: u64, generator: u64) -> Self {
        let p = modulus as f64;
        Prime {
            modulus,
            generator,
            p,
            inverse: 1.0 / p,
            roots: RootTable::new(modulus, generator, Inverses::No),
            inverse_roots: RootTable::new(modulus, generator, Inverses::Yes),
        }
    }

    /// The constant a factor is prepared as.
    #[inline(always)]
    pub(crate) fn root(&self, value: f64) -> Factor {
        Factor { value, scaled: value * self.inverse }
    }

    /// The constant for a canonical residue.
    pub(crate) fn constant(&self, residue: u64) -> Factor {
        self.root(balanced(residue, self.modulus))
    }
}

/// A factor w, and w·(1/p).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Factor {
    pub(crate) value: f64,
    pub(crate) scaled: f64,
}

/// Arithmetic modulo one prime on eight residues at a time.
#[derive(Clone, Copy)]
pub(crate) struct Field<L: Lanes> {
    lanes: L,
    p: L::Reals,
    inverse: L::Reals,
}

impl<L: Lanes> Field<L> {
    #[inline(always)]
    pub(crate) fn new(lanes: L, prime: &Prime) -> Self {
        Field { lanes, p: lanes.splat(prime.p), inverse: lanes.splat(prime.inverse) }
    }

    #[inline(always)]
    pub(crate) fn add(self, a: L::Reals, b: L::Reals) -> L::Reals {
        self.lanes.add(a, b)
    }

    #[inline(always)]
    pub(crate) fn sub(self, a: L::Reals, b: L::Reals) -> L::Reals {
        self.lanes.sub(a, b)
    }

    /// a·w for one w.
    #[inline(always)]
    pub(crate) fn times(self, a: L::Reals, w: Factor) -> L::Reals {
        self.lanes.times(a, self.lanes.splat(w.value), self.lanes.splat(w.scaled), self.p)
    }

    /// a·w for a w in each lane.
    #[inline(always)]
    pub(crate) fn times_each(self, a: L::Reals, w: L::Reals, scaled: L::Reals) -> L::Reals {
        self.lanes.times(a, w, scaled, self.p)
    }

    /// w·(1/p), for [`Field::times_each`].
    #[inline(always)]
    pub(crate) fn scaled(self, w: L::Reals) -> L::Reals {
        self.lanes.mul(w, self.inverse)
    }

    /// a·b, where neither is known beforehand.
    #[inline(always)]
    pub(crate) fn product(self, a: L::Reals, b: L::Reals) -> L::Reals {
        self.lanes.product(a, b, self.p, self.inverse)
    }

    /// a, reduced to p/2 and a little more.
    #[inline(always)]
    pub(crate) fn reduce(self, a: L::Reals) -> L::Reals {
        self.lanes.reduce(a, self.p, self.inverse)
    }

    /// The residues of 2³²·high + low, for |high| < 2²⁷ and 0 ≤ low < 2³²: p/2 + 2³² at most.
    #[inline(always)]
    pub(crate) fn residue_of_halves(self, high: L::Reals, low: L::Reals) -> L::Reals {
        const TWO_TO_32: f64 = 4_294_967_296.0;
        let wide = self.lanes.mul(high, self.lanes.splat(TWO_TO_32));
        self.lanes.add(self.lanes.reduce(wide, self.p, self.inverse), low)
    }
}
