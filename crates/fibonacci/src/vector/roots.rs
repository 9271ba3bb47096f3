//! Roots of unity: T(s) = exp(πi·φ(s)), where φ(s) is the bits of s mirrored behind the binary point.
//!
//! Block s of the transform is taken modulo xᵐ − T(s)², whatever its length m, and splits into blocks
//! 2s and 2s + 1, modulo x^(m/2) ∓ T(s). So one table serves all layers and lengths; T(2ᵇ) has the
//! order 2^(b+2).

use super::field::{Factor, Prime};
use super::residues::{balanced, multiply};
use super::root_table::{Inverses, LOW_BITS, RootTable, step};

/// T(s) of one prime for all blocks of a computation.
#[derive(Debug)]
pub(crate) struct Roots {
    pub(crate) prime: &'static Prime,
    /// T(2¹⁰·t), since T(2¹⁰·t + s) = T(2¹⁰·t)·T(s) for s < 2¹⁰.
    high: Vec<f64>,
    inverse_high: Vec<f64>,
}

impl Roots {
    /// Prepares T(s) for s < `blocks`.
    pub(crate) fn new(prime: &'static Prime, blocks: usize) -> Self {
        let high = |inverses| {
            let bits = blocks.next_power_of_two().trailing_zeros().saturating_sub(LOW_BITS);
            let mut residues = Vec::with_capacity(1 << bits);
            residues.push(1);
            for bit in 0..bits {
                let step = step(prime.modulus, prime.generator, LOW_BITS + bit, inverses);
                residues.extend_from_within(..);
                let half = residues.len() / 2;
                residues[half..].iter_mut().for_each(|root| *root = multiply(*root, step, prime.modulus));
            }
            residues.into_iter().map(|root| balanced(root, prime.modulus)).collect()
        };
        Roots { prime, high: high(Inverses::No), inverse_high: high(Inverses::Yes) }
    }

    /// The size of the tables of all three primes for `blocks`, in bytes.
    pub(crate) fn bytes(blocks: usize) -> u64 {
        6 * 8 * (blocks.next_power_of_two() >> LOW_BITS).max(1) as u64
    }

    /// T(s).
    #[inline(always)]
    pub(crate) fn root(&self, s: usize) -> Factor {
        self.entry(s, &self.prime.roots, &self.high)
    }

    /// 1/T(s).
    #[inline(always)]
    pub(crate) fn inverse_root(&self, s: usize) -> Factor {
        self.entry(s, &self.prime.inverse_roots, &self.inverse_high)
    }

    #[inline(always)]
    fn entry(&self, s: usize, table: &RootTable, high: &[f64]) -> Factor {
        let low = table.entry(s & ((1 << LOW_BITS) - 1));
        let value = if s >> LOW_BITS == 0 { low } else { self.multiply(low, high[s >> LOW_BITS]) };
        self.prime.root(value)
    }

    /// a·b, reduced to p/2 in magnitude, as the proof of the range takes all roots to be.
    #[inline(always)]
    fn multiply(&self, a: f64, b: f64) -> f64 {
        let Prime { p, inverse, .. } = *self.prime;
        let high = a * b;
        let quotient = (high * inverse).round_ties_even();
        let low = a.mul_add(b, -high);
        let product = (-quotient).mul_add(p, high) + low;
        (-(product * inverse).round_ties_even()).mul_add(p, product)
    }
}
