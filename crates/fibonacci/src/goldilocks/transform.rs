//! Cyclic convolution by a number-theoretic transform, in place.
//!
//! A convolution of length m·B is a product of polynomials modulo xᵐᴮ − 1. The forward transform is
//! taken as the splitting of that modulus, four ways at a time:
//!
//! x⁴ᵐ − r⁴ = (xᵐ − r)(xᵐ + r)(xᵐ − ir)(xᵐ + ir),
//!
//! until the moduli are x⁴ − R or x² − R, where the product is taken directly. So nothing is ever put
//! in bit-reversed order, one constant serves a whole block, and the tree is walked depth first: once
//! a block fits the cache, everything below it, the product included, happens there.
//!
//! Block s of any layer has r = W(s) = exp(2πi·φ(s)/4), φ(s) being the bits of s mirrored behind the
//! binary point: one table serves all layers and all lengths.
//!
//! Lengths 3·2ᵏ are split into three convolutions of length 2ᵏ by the Good–Thomas map: since 3 and 2ᵏ
//! are coprime it needs no constants but the cube root of unity, a power of two here.

use std::collections::TryReserveError;

use crate::Error;
use crate::control::Meter;
use crate::goldilocks::butterfly::{
    COLUMNS, forward_columns, inverse_columns, moduli, multiply_modulo_quadratic, multiply_modulo_quartic, quarters,
    square_modulo_quartic,
};
use crate::goldilocks::field::{TWO_ADICITY, inverse, mul, pow, root_of_order_two_to_the};
use crate::goldilocks::thirds::{join_three_ways, split_three_ways};

/// The shortest length: one block of 4 moduli x⁴ − R, or two of 4 moduli x² − R.
pub(crate) const MIN_LENGTH: u64 = 16;
/// The most blocks there are roots of unity for: W(s) has order 8·2ᵇ, b the highest bit of s. So the
/// longest length is 3·2³⁴.
pub(crate) const MAX_BLOCKS: u64 = 1 << (TWO_ADICITY - 2);

/// Points in a block that is transformed without further recursion: 32 KiB, a first-level cache.
const LEAF: usize = 1 << 12;

/// Work of one point outside the radix-4 layers, in [`Meter`] units: the direct products.
const PRODUCT_UNITS: u64 = 8;

/// The shortest length c·2ᵏ, c = 1 or 3, that is at least `points`.
pub(crate) fn length_for(points: u64) -> u64 {
    let power = points.next_power_of_two().max(MIN_LENGTH);
    let three = power / 4 * 3;
    if three >= points && three / 3 >= MIN_LENGTH { three } else { power }
}

/// Blocks in the last radix-4 layer of a transform, a power of two; each has a root of its own.
///
/// It does not grow with the length: 2¹³ has 1024 blocks of 8 points, 3·2¹² has 256 of 16.
pub(crate) fn blocks(length: u64) -> u64 {
    let power = split_three(length).1;
    power / final_block(power as usize) as u64
}

/// Work of one [`Transform::square`] in [`Meter`] units.
pub(crate) fn square_units(length: u64) -> u64 {
    length.saturating_mul(2 * layers(length) + PRODUCT_UNITS)
}

/// Work of one [`Transform::multiply`] in [`Meter`] units.
pub(crate) fn multiply_units(length: u64) -> u64 {
    length.saturating_mul(3 * layers(length) + PRODUCT_UNITS)
}

/// Radix-2 layers in one direction; splitting into three counts as two.
fn layers(length: u64) -> u64 {
    let (thirds, power) = split_three(length);
    let base = u64::from(power.trailing_zeros() % 2 == 0) + 1;
    2 * (thirds / 2) + u64::from(power.trailing_zeros()) - base
}

fn split_three(length: u64) -> (u64, u64) {
    if length.is_power_of_two() { (1, length) } else { (3, length / 3) }
}

/// The constants of transforms with up to some number of blocks.
pub(crate) struct Transform {
    /// W(s) and 1/W(s) for s < 2¹⁰.
    low: Vec<Root>,
    /// W(2¹⁰·s) and its inverse; W(2¹⁰·s + t) = W(2¹⁰·s)·W(t).
    high: Vec<Root>,
}

#[derive(Clone, Copy)]
struct Root {
    forward: u64,
    inverse: u64,
}

impl Root {
    const ONE: Self = Root { forward: 1, inverse: 1 };

    fn times(self, other: Self) -> Self {
        Root { forward: mul(self.forward, other.forward), inverse: mul(self.inverse, other.inverse) }
    }
}

const LOW_BITS: u32 = 10;

impl Transform {
    /// Reserves and fills the constants for lengths of up to `max_blocks` blocks, see [`blocks`].
    pub(crate) fn reserve(max_blocks: u64) -> Result<Self, TryReserveError> {
        debug_assert!(max_blocks <= MAX_BLOCKS);
        let (low, high) = table_entries(max_blocks);
        Ok(Transform { low: table(low, 0)?, high: table(high, LOW_BITS)? })
    }

    /// The bytes that [`Transform::reserve`] reserves.
    pub(crate) fn bytes(max_blocks: u64) -> u64 {
        let (low, high) = table_entries(max_blocks);
        (low + high) * size_of::<Root>() as u64
    }

    #[cfg(test)]
    pub(crate) fn reserved_bytes(&self) -> u64 {
        ((self.low.capacity() + self.high.capacity()) * size_of::<Root>()) as u64
    }

    #[inline]
    fn root(&self, block: usize) -> Root {
        let low = self.low[block & ((1 << LOW_BITS) - 1)];
        match block >> LOW_BITS {
            0 => low,
            high => low.times(self.high[high]),
        }
    }

    /// Replaces x by its cyclic convolution with itself. Canonical in, canonical out.
    pub(crate) fn square(&self, x: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
        let scale = scale(x.len());
        let (thirds, power) = split_three(x.len() as u64);
        if thirds == 3 {
            split_three_ways(x, meter)?;
        }
        for part in x.chunks_exact_mut(power as usize) {
            self.square_block(part, 0, scale, meter)?;
        }
        if thirds == 3 {
            join_three_ways(x, meter)?;
        }
        Ok(())
    }

    /// Replaces x by its cyclic convolution with y, which is of the same length and is destroyed.
    /// Canonical in, canonical out.
    pub(crate) fn multiply(&self, x: &mut [u64], y: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
        debug_assert_eq!(x.len(), y.len());
        let scale = scale(x.len());
        let (thirds, power) = split_three(x.len() as u64);
        if thirds == 3 {
            split_three_ways(x, meter)?;
            split_three_ways(y, meter)?;
        }
        let parts = x.chunks_exact_mut(power as usize).zip(y.chunks_exact_mut(power as usize));
        for (x, y) in parts {
            self.multiply_block(x, y, 0, scale, meter)?;
        }
        if thirds == 3 {
            join_three_ways(x, meter)?;
        }
        Ok(())
    }

    fn square_block(&self, x: &mut [u64], block: usize, scale: u64, meter: &mut Meter<'_>) -> Result<(), Error> {
        let length = x.len();
        if length <= LEAF {
            self.forward_leaf(x, block);
            if final_block(length) == 16 {
                let square = |x, r| square_modulo_quartic(x, r, scale);
                self.square_moduli::<16, 4>(x, block, square);
            } else {
                let square = |x, r| multiply_modulo_quadratic(x, x, r, scale);
                self.square_moduli::<8, 2>(x, block, square);
            }
            self.inverse_leaf(x, block);
            return meter.advance(square_units(length as u64));
        }
        forward_pass(x, self.root(block), meter)?;
        for (child, quarter) in x.chunks_exact_mut(length / 4).enumerate() {
            self.square_block(quarter, 4 * block + child, scale, meter)?;
        }
        inverse_pass(x, self.root(block), meter)
    }

    fn multiply_block(
        &self,
        x: &mut [u64],
        y: &mut [u64],
        block: usize,
        scale: u64,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        let length = x.len();
        if length <= LEAF {
            self.forward_leaf(x, block);
            self.forward_leaf(y, block);
            if final_block(length) == 16 {
                let multiply = |x, y, r| multiply_modulo_quartic(x, y, r, scale);
                self.multiply_moduli::<16, 4>(x, y, block, multiply);
            } else {
                let multiply = |x, y, r| multiply_modulo_quadratic(x, y, r, scale);
                self.multiply_moduli::<8, 2>(x, y, block, multiply);
            }
            self.inverse_leaf(x, block);
            return meter.advance(multiply_units(length as u64));
        }
        forward_pass(x, self.root(block), meter)?;
        forward_pass(y, self.root(block), meter)?;
        let quarters = x.chunks_exact_mut(length / 4).zip(y.chunks_exact_mut(length / 4));
        for (child, (x, y)) in quarters.enumerate() {
            self.multiply_block(x, y, 4 * block + child, scale, meter)?;
        }
        inverse_pass(x, self.root(block), meter)
    }

    /// All radix-4 layers of a leaf down to, and not including, the four-modulus blocks.
    fn forward_leaf(&self, x: &mut [u64], block: usize) {
        let mut size = x.len();
        while size > final_block(x.len()) {
            let first = block * (x.len() / size);
            for (index, part) in x.chunks_exact_mut(size).enumerate() {
                forward_columns(quarters(part), self.root(first + index).forward);
            }
            size /= 4;
        }
    }

    fn inverse_leaf(&self, x: &mut [u64], block: usize) {
        let mut size = 4 * final_block(x.len());
        while size <= x.len() {
            let first = block * (x.len() / size);
            for (index, part) in x.chunks_exact_mut(size).enumerate() {
                inverse_columns(quarters(part), self.root(first + index).inverse);
            }
            size *= 4;
        }
    }

    /// The last splitting of each block, the products modulo xᴮ − R, and the first joining.
    fn square_moduli<const BLOCK: usize, const B: usize>(
        &self,
        x: &mut [u64],
        block: usize,
        square: impl Fn([u64; B], u64) -> [u64; B],
    ) {
        let first = block * (x.len() / BLOCK);
        for (index, x) in x.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
            let root = self.root(first + index);
            forward_columns(quarters(x), root.forward);
            let parts = x.as_chunks_mut::<B>().0.iter_mut();
            for (x, r) in parts.zip(moduli(root.forward)) {
                *x = square(*x, r);
            }
            inverse_columns(quarters(x), root.inverse);
        }
    }

    fn multiply_moduli<const BLOCK: usize, const B: usize>(
        &self,
        x: &mut [u64],
        y: &mut [u64],
        block: usize,
        multiply: impl Fn([u64; B], [u64; B], u64) -> [u64; B],
    ) {
        let first = block * (x.len() / BLOCK);
        let blocks = x.as_chunks_mut::<BLOCK>().0.iter_mut();
        for (index, (x, y)) in blocks.zip(y.as_chunks_mut::<BLOCK>().0).enumerate() {
            let root = self.root(first + index);
            forward_columns(quarters(x), root.forward);
            forward_columns(quarters(y), root.forward);
            let parts = x.as_chunks_mut::<B>().0.iter_mut().zip(y.as_chunks::<B>().0);
            for ((x, y), r) in parts.zip(moduli(root.forward)) {
                *x = multiply(*x, *y, r);
            }
            inverse_columns(quarters(x), root.inverse);
        }
    }
}

/// Entries of the two tables.
fn table_entries(max_blocks: u64) -> (u64, u64) {
    (max_blocks.clamp(1, 1 << LOW_BITS), (max_blocks >> LOW_BITS).max(1))
}

/// W(s·2^`shift`) for s below `entries`, a power of two.
fn table(entries: u64, shift: u32) -> Result<Vec<Root>, TryReserveError> {
    let entries = entries as usize;
    let mut table = Vec::new();
    table.try_reserve_exact(entries)?;
    table.push(Root::ONE);
    for bit in 0..entries.trailing_zeros() {
        let root = root_of_order_two_to_the(bit + shift + 3);
        let step = Root { forward: root, inverse: inverse(root) };
        for index in 0..1 << bit {
            table.push(table[index as usize].times(step));
        }
    }
    Ok(table)
}

/// Points in the blocks of the last radix-4 layer: 4·4 when the length is an even power of two, else 4·2.
fn final_block(length: usize) -> usize {
    if length.trailing_zeros().is_multiple_of(2) { 16 } else { 8 }
}

/// The inverse of the factor that the inverse passes multiply by.
fn scale(length: usize) -> u64 {
    let (thirds, power) = split_three(length as u64);
    let layers = u64::from(power.trailing_zeros() - (power.trailing_zeros() % 2 == 0) as u32 - 1);
    inverse(mul(thirds, pow(2, layers)))
}

fn forward_pass(x: &mut [u64], root: Root, meter: &mut Meter<'_>) -> Result<(), Error> {
    let [a, b, c, d] = quarters(x);
    for start in (0..a.len()).step_by(COLUMNS) {
        let end = a.len().min(start + COLUMNS);
        let columns = [&mut a[start..end], &mut b[start..end], &mut c[start..end], &mut d[start..end]];
        forward_columns(columns, root.forward);
        meter.advance(8 * (end - start) as u64)?;
    }
    Ok(())
}

fn inverse_pass(x: &mut [u64], root: Root, meter: &mut Meter<'_>) -> Result<(), Error> {
    let [a, b, c, d] = quarters(x);
    for start in (0..a.len()).step_by(COLUMNS) {
        let end = a.len().min(start + COLUMNS);
        let columns = [&mut a[start..end], &mut b[start..end], &mut c[start..end], &mut d[start..end]];
        inverse_columns(columns, root.inverse);
        meter.advance(8 * (end - start) as u64)?;
    }
    Ok(())
}
