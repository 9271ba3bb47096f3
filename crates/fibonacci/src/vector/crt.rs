//! From residues modulo three primes to the coefficient they are of, by Garner's method.
//!
//! The coefficient is v₁ + p₁·v₂ + p₁p₂·v₃, each v at most half of its prime and a little more in
//! magnitude. So it is right while coefficients are below 0.49·P in magnitude, P = p₁p₂p₃: see
//! [`MAX_OPERAND_LIMBS`].

use super::field::{Factor, Field, MODULI, PRIMES};
use super::lanes::{Lanes, Octet};
use super::product::TERMS;
use super::residues::{halve, invert, multiply};

/// The longest operands, in limbs, of which products are right.
///
/// A coefficient is a sum of [`TERMS`]·N products of balanced limbs, each at most [`BALANCED`].
pub(crate) const MAX_OPERAND_LIMBS: u64 = 115_000_000;

/// The largest magnitude of a balanced limb.
pub(crate) const BALANCED: i64 = crate::limbs::LIMB as i64 / 2 + 1;

const _: () = {
    let balanced = BALANCED as f64;
    let largest = TERMS as f64 * MAX_OPERAND_LIMBS as f64 * balanced * balanced;
    assert!(largest < 0.49 * MODULI[0] as f64 * MODULI[1] as f64 * MODULI[2] as f64);
};

/// The constants, which also divide by what the transforms have multiplied by.
#[derive(Debug)]
pub(crate) struct Garner {
    first: Factor,
    second: Factor,
    second_from_first: Factor,
    third: Factor,
    third_from_first: Factor,
    third_from_second: Factor,
}

impl Garner {
    /// For residues of `scale` times the coefficients, a power of two.
    pub(crate) fn new(scale: usize) -> Self {
        const P1_IN_SECOND: u64 = invert(MODULI[0], MODULI[1]);
        const P2_IN_THIRD: u64 = invert(MODULI[1], MODULI[2]);
        const P1_P2_IN_THIRD: u64 = multiply(invert(MODULI[0], MODULI[2]), P2_IN_THIRD, MODULI[2]);
        let [first, second, third] = &PRIMES;
        let over_scale = |a, m| halve(a, scale.trailing_zeros(), m);
        Garner {
            first: first.constant(over_scale(1, MODULI[0])),
            second: second.constant(over_scale(P1_IN_SECOND, MODULI[1])),
            second_from_first: second.constant(P1_IN_SECOND),
            third: third.constant(over_scale(P1_P2_IN_THIRD, MODULI[2])),
            third_from_first: third.constant(P1_P2_IN_THIRD),
            third_from_second: third.constant(P2_IN_THIRD),
        }
    }

    /// v₁, v₂ and v₃ of eight coefficients.
    #[inline(always)]
    pub(crate) fn mixed_digits<L: Lanes>(
        &self,
        lanes: L,
        [f1, f2, f3]: [Field<L>; 3],
        [x1, x2, x3]: [&Octet; 3],
    ) -> [L::Reals; 3] {
        let v1 = f1.times(lanes.load(&x1.0), self.first);
        let v2 = f2.sub(f2.times(lanes.load(&x2.0), self.second), f2.times(v1, self.second_from_first));
        let v2 = f2.reduce(v2);
        let v3 = f3.sub(f3.times(lanes.load(&x3.0), self.third), f3.times(v1, self.third_from_first));
        let v3 = f3.reduce(f3.sub(v3, f3.times(v2, self.third_from_second)));
        [v1, v2, v3]
    }
}
