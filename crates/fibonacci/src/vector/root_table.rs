//! The first roots of unity of a prime, computed when compiling. [`roots`](super::roots) has the others.

use super::residues::{balanced, invert, multiply, power};

/// T(s) or 1/T(s) for s < 2¹⁰, balanced.
#[derive(Debug)]
pub(crate) struct RootTable {
    all: [f64; 1 << LOW_BITS],
    /// Every fourth, for the vectors of roots in the last layers.
    fourths: [f64; 1 << (LOW_BITS - 2)],
}

/// The table has 2 to the power of this many entries.
pub(crate) const LOW_BITS: u32 = 10;

/// Whether a table is of 1/T(s).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inverses {
    No,
    Yes,
}

impl RootTable {
    pub(crate) const fn new(modulus: u64, generator: u64, inverses: Inverses) -> Self {
        let mut residues = [1; 1 << LOW_BITS];
        let mut table = [1.0; 1 << LOW_BITS];
        let mut filled = 1;
        let mut bit = 0;
        while bit < LOW_BITS {
            let step = step(modulus, generator, bit, inverses);
            let mut index = 0;
            while index < filled {
                residues[filled + index] = multiply(residues[index], step, modulus);
                table[filled + index] = balanced(residues[filled + index], modulus);
                index += 1;
            }
            filled *= 2;
            bit += 1;
        }
        let mut fourths = [1.0; 1 << (LOW_BITS - 2)];
        let mut index = 0;
        while index < fourths.len() {
            fourths[index] = table[4 * index];
            index += 1;
        }
        RootTable { all: table, fourths }
    }

    /// T(s).
    #[inline(always)]
    pub(crate) fn entry(&self, s: usize) -> f64 {
        self.all[s]
    }

    /// T(8t) … T(8t + 7).
    #[inline(always)]
    pub(crate) fn octet(&self, t: usize) -> &[f64; 8] {
        &self.all.as_chunks().0[t]
    }

    /// T(32t), T(32t + 4) … T(32t + 28).
    #[inline(always)]
    pub(crate) fn octet_of_fourths(&self, t: usize) -> &[f64; 8] {
        &self.fourths.as_chunks().0[t]
    }
}

/// T(2ᵇ) or its inverse.
pub(crate) const fn step(modulus: u64, generator: u64, bit: u32, inverses: Inverses) -> u64 {
    let root = power(generator, (modulus - 1) >> (bit + 2), modulus);
    match inverses {
        Inverses::No => root,
        Inverses::Yes => invert(root, modulus),
    }
}
