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
use crate::field::{
    TWO_ADICITY, add, add_loose, inverse, mul, pow, root_of_order_two_to_the, sub, sub_loose,
    times_cube_root, times_i,
};

/// The shortest length: one block of 4 moduli x⁴ − R, or two of 4 moduli x² − R.
pub(crate) const MIN_LENGTH: u64 = 16;
/// The longest length: 3·2³⁴, as blocks of 16 points need a root for each.
pub(crate) const MAX_LENGTH: u64 = 3 << (TWO_ADICITY + 2);

/// Points in a block that is transformed without further recursion: 32 KiB, a first-level cache.
const LEAF: usize = 1 << 12;
/// Columns between two looks at the meter in the passes over large blocks.
const COLUMNS: usize = 3 << 12;

/// Work of one point outside the radix-4 layers, in [`Meter`] units: the direct products.
const PRODUCT_UNITS: u64 = 8;

/// The shortest length c·2ᵏ, c = 1 or 3, that is at least `points`.
pub(crate) fn length_for(points: u64) -> u64 {
    let power = points.next_power_of_two().max(MIN_LENGTH);
    let three = power / 4 * 3;
    if three >= points && three / 3 >= MIN_LENGTH {
        three
    } else {
        power
    }
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
    if length.is_power_of_two() {
        (1, length)
    } else {
        (3, length / 3)
    }
}

/// The constants of transforms up to some length.
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
    const ONE: Self = Root {
        forward: 1,
        inverse: 1,
    };

    fn times(self, other: Self) -> Self {
        Root {
            forward: mul(self.forward, other.forward),
            inverse: mul(self.inverse, other.inverse),
        }
    }
}

const LOW_BITS: u32 = 10;

impl Transform {
    /// Reserves and fills the constants for lengths up to `max_length`.
    pub(crate) fn reserve(max_length: u64) -> Result<Self, TryReserveError> {
        debug_assert!(max_length <= MAX_LENGTH);
        let (low, high) = table_entries(max_length);
        Ok(Transform {
            low: table(low, 0)?,
            high: table(high, LOW_BITS)?,
        })
    }

    /// What [`Transform::reserve`] reserves.
    pub(crate) fn bytes(max_length: u64) -> u64 {
        let (low, high) = table_entries(max_length);
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
    pub(crate) fn multiply(
        &self,
        x: &mut [u64],
        y: &mut [u64],
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        debug_assert_eq!(x.len(), y.len());
        let scale = scale(x.len());
        let (thirds, power) = split_three(x.len() as u64);
        if thirds == 3 {
            split_three_ways(x, meter)?;
            split_three_ways(y, meter)?;
        }
        let parts = x
            .chunks_exact_mut(power as usize)
            .zip(y.chunks_exact_mut(power as usize));
        for (x, y) in parts {
            self.multiply_block(x, y, 0, scale, meter)?;
        }
        if thirds == 3 {
            join_three_ways(x, meter)?;
        }
        Ok(())
    }

    fn square_block(
        &self,
        x: &mut [u64],
        block: usize,
        scale: u64,
        meter: &mut Meter<'_>,
    ) -> Result<(), Error> {
        let length = x.len();
        if length <= LEAF {
            self.forward_leaf(x, block);
            self.square_moduli(x, block, scale);
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
            self.multiply_moduli(x, y, block, scale);
            self.inverse_leaf(x, block);
            return meter.advance(multiply_units(length as u64));
        }
        forward_pass(x, self.root(block), meter)?;
        forward_pass(y, self.root(block), meter)?;
        let quarters = x
            .chunks_exact_mut(length / 4)
            .zip(y.chunks_exact_mut(length / 4));
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
    fn square_moduli(&self, x: &mut [u64], block: usize, scale: u64) {
        if final_block(x.len()) == 16 {
            let first = block * (x.len() / 16);
            for (index, part) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
                let root = self.root(first + index);
                forward_columns(quarters(part), root.forward);
                let constants = moduli(root.forward);
                for (part, r) in part.as_chunks_mut::<4>().0.iter_mut().zip(constants) {
                    *part = square_modulo_quartic(*part, r, scale);
                }
                inverse_columns(quarters(part), root.inverse);
            }
        } else {
            let first = block * (x.len() / 8);
            for (index, part) in x.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let root = self.root(first + index);
                forward_columns(quarters(part), root.forward);
                let constants = moduli(root.forward);
                for (part, r) in part.as_chunks_mut::<2>().0.iter_mut().zip(constants) {
                    *part = multiply_modulo_quadratic(*part, *part, r, scale);
                }
                inverse_columns(quarters(part), root.inverse);
            }
        }
    }

    fn multiply_moduli(&self, x: &mut [u64], y: &mut [u64], block: usize, scale: u64) {
        if final_block(x.len()) == 16 {
            let first = block * (x.len() / 16);
            let parts = x.as_chunks_mut::<16>().0.iter_mut();
            let parts = parts.zip(y.as_chunks_mut::<16>().0);
            for (index, (x, y)) in parts.enumerate() {
                let root = self.root(first + index);
                forward_columns(quarters(x), root.forward);
                forward_columns(quarters(y), root.forward);
                let parts = x
                    .as_chunks_mut::<4>()
                    .0
                    .iter_mut()
                    .zip(y.as_chunks::<4>().0);
                for ((x, y), r) in parts.zip(moduli(root.forward)) {
                    *x = multiply_modulo_quartic(*x, *y, r, scale);
                }
                inverse_columns(quarters(x), root.inverse);
            }
        } else {
            let first = block * (x.len() / 8);
            let parts = x.as_chunks_mut::<8>().0.iter_mut();
            let parts = parts.zip(y.as_chunks_mut::<8>().0);
            for (index, (x, y)) in parts.enumerate() {
                let root = self.root(first + index);
                forward_columns(quarters(x), root.forward);
                forward_columns(quarters(y), root.forward);
                let parts = x
                    .as_chunks_mut::<2>()
                    .0
                    .iter_mut()
                    .zip(y.as_chunks::<2>().0);
                for ((x, y), r) in parts.zip(moduli(root.forward)) {
                    *x = multiply_modulo_quadratic(*x, *y, r, scale);
                }
                inverse_columns(quarters(x), root.inverse);
            }
        }
    }
}

/// Entries of the two tables: one root for each block of 16 points (two for two blocks of 8).
fn table_entries(max_length: u64) -> (u64, u64) {
    let power = split_three(max_length).1;
    let blocks = power / final_block(power as usize) as u64;
    (blocks.clamp(1, 1 << LOW_BITS), (blocks >> LOW_BITS).max(1))
}

/// W(s·2^`shift`) for s below `entries`, a power of two.
fn table(entries: u64, shift: u32) -> Result<Vec<Root>, TryReserveError> {
    let entries = entries as usize;
    let mut table = Vec::new();
    table.try_reserve_exact(entries)?;
    table.push(Root::ONE);
    for bit in 0..entries.trailing_zeros() {
        let root = root_of_order_two_to_the(bit + shift + 3);
        let step = Root {
            forward: root,
            inverse: inverse(root),
        };
        for index in 0..1 << bit {
            table.push(table[index as usize].times(step));
        }
    }
    Ok(table)
}

/// Points in the blocks of the last radix-4 layer: 4·4 when the length is an even power of two, else 4·2.
fn final_block(length: usize) -> usize {
    if length.trailing_zeros().is_multiple_of(2) {
        16
    } else {
        8
    }
}

/// What the inverse passes multiply by, inverted.
fn scale(length: usize) -> u64 {
    let (thirds, power) = split_three(length as u64);
    let layers = u64::from(power.trailing_zeros() - (power.trailing_zeros() % 2 == 0) as u32 - 1);
    inverse(mul(thirds, pow(2, layers)))
}

/// R for the four moduli xᴮ − R below a block with root r.
#[inline(always)]
fn moduli(r: u64) -> [u64; 4] {
    let ir = times_i(r);
    [r, sub(0, r), ir, sub(0, ir)]
}

#[inline(always)]
fn quarters(x: &mut [u64]) -> [&mut [u64]; 4] {
    let (low, high) = x.split_at_mut(x.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}

fn forward_pass(x: &mut [u64], root: Root, meter: &mut Meter<'_>) -> Result<(), Error> {
    let [a, b, c, d] = quarters(x);
    for start in (0..a.len()).step_by(COLUMNS) {
        let end = a.len().min(start + COLUMNS);
        let columns = [
            &mut a[start..end],
            &mut b[start..end],
            &mut c[start..end],
            &mut d[start..end],
        ];
        forward_columns(columns, root.forward);
        meter.advance(8 * (end - start) as u64)?;
    }
    Ok(())
}

fn inverse_pass(x: &mut [u64], root: Root, meter: &mut Meter<'_>) -> Result<(), Error> {
    let [a, b, c, d] = quarters(x);
    for start in (0..a.len()).step_by(COLUMNS) {
        let end = a.len().min(start + COLUMNS);
        let columns = [
            &mut a[start..end],
            &mut b[start..end],
            &mut c[start..end],
            &mut d[start..end],
        ];
        inverse_columns(columns, root.inverse);
        meter.advance(8 * (end - start) as u64)?;
    }
    Ok(())
}

/// From coefficients modulo x⁴ᵐ − r⁴ to those modulo the four factors. Loose in, loose out.
#[inline(always)]
fn forward_columns([a, b, c, d]: [&mut [u64]; 4], r: u64) {
    let r2 = mul(r, r);
    let r3 = mul(r2, r);
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let (t1, t2, t3) = (mul(*b, r), mul(*c, r2), mul(*d, r3));
        let (even, odd) = (add_loose(*a, t2), add(t1, t3));
        let (even_i, odd_i) = (sub_loose(*a, t2), times_i(sub(t1, t3)));
        *a = add_loose(even, odd);
        *b = sub_loose(even, odd);
        *c = add_loose(even_i, odd_i);
        *d = sub_loose(even_i, odd_i);
    }
}

/// Undoes [`forward_columns`], times 4; takes 1/r. Canonical in, canonical out.
#[inline(always)]
fn inverse_columns([a, b, c, d]: [&mut [u64]; 4], r: u64) {
    let r2 = mul(r, r);
    let r3 = mul(r2, r);
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let (even, odd) = (add(*a, *b), sub(*a, *b));
        let (even_i, odd_i) = (add(*c, *d), times_i(sub(*c, *d)));
        *a = add(even, even_i);
        *b = mul(sub_loose(odd, odd_i), r);
        *c = mul(sub_loose(even, even_i), r2);
        *d = mul(add_loose(odd, odd_i), r3);
    }
}

/// x²·scale modulo x⁴ − r. Loose in, canonical out.
#[inline(always)]
fn square_modulo_quartic(x: [u64; 4], r: u64, scale: u64) -> [u64; 4] {
    let [a, b, c, d] = x;
    let [sa, sb, sc, sd] = [mul(a, scale), mul(b, scale), mul(c, scale), mul(d, scale)];
    let double = |x| add(x, x);
    [
        add(mul(sa, a), mul(r, add(double(mul(sb, d)), mul(sc, c)))),
        double(add(mul(sa, b), mul(r, mul(sc, d)))),
        add(add(double(mul(sa, c)), mul(sb, b)), mul(r, mul(sd, d))),
        double(add(mul(sa, d), mul(sb, c))),
    ]
}

/// x·y·scale modulo x⁴ − r. Loose in, canonical out.
#[inline(always)]
fn multiply_modulo_quartic(x: [u64; 4], y: [u64; 4], r: u64, scale: u64) -> [u64; 4] {
    let [a, b, c, d] = x.map(|x| mul(x, scale));
    let sum = |p, q| add(p, q);
    [
        sum(
            mul(a, y[0]),
            mul(r, sum(sum(mul(b, y[3]), mul(d, y[1])), mul(c, y[2]))),
        ),
        sum(
            sum(mul(a, y[1]), mul(b, y[0])),
            mul(r, sum(mul(c, y[3]), mul(d, y[2]))),
        ),
        sum(
            sum(sum(mul(a, y[2]), mul(c, y[0])), mul(b, y[1])),
            mul(r, mul(d, y[3])),
        ),
        sum(
            sum(mul(a, y[3]), mul(d, y[0])),
            sum(mul(b, y[2]), mul(c, y[1])),
        ),
    ]
}

/// x·y·scale modulo x² − r. Loose in, canonical out.
#[inline(always)]
fn multiply_modulo_quadratic(x: [u64; 2], y: [u64; 2], r: u64, scale: u64) -> [u64; 2] {
    let [a, b] = x.map(|x| mul(x, scale));
    [
        add(mul(a, y[0]), mul(r, mul(b, y[1]))),
        add(mul(a, y[1]), mul(b, y[0])),
    ]
}

/// Splits a convolution of length 3m, 3 ∤ m, into three of length m, which are independent and alike.
///
/// Index x goes to column x mod m and, in it, to slot x mod 3; the slots of a column are transformed.
fn split_three_ways(x: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
    each_column(x, meter, |phase, column| {
        transform_three(rotate(phase, column))
    })
}

/// Undoes [`split_three_ways`], times 3.
fn join_three_ways(x: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
    each_column(x, meter, |phase, column| {
        rotate((3 - phase) % 3, inverse_three(column))
    })
}

/// Replaces each column (x[i], x[i + m], x[i + 2m]), or with the last two exchanged when m ≡ 2 (mod 3),
/// so that its slots begin at the phase i mod 3 and follow each other.
#[inline(always)]
fn each_column(
    x: &mut [u64],
    meter: &mut Meter<'_>,
    replace: impl Fn(usize, [u64; 3]) -> [u64; 3],
) -> Result<(), Error> {
    let third = x.len() / 3;
    let (a, rest) = x.split_at_mut(third);
    let (mut b, mut c) = rest.split_at_mut(third);
    if third % 3 == 2 {
        (b, c) = (c, b);
    }
    for start in (0..third).step_by(COLUMNS) {
        let end = third.min(start + COLUMNS);
        let a = a[start..end].chunks_mut(3);
        let b = b[start..end].chunks_mut(3);
        let c = c[start..end].chunks_mut(3);
        for ((a, b), c) in a.zip(b).zip(c) {
            let columns = a.iter_mut().zip(b).zip(c);
            for (phase, ((a, b), c)) in columns.enumerate() {
                [*a, *b, *c] = replace(phase, [*a, *b, *c]);
            }
        }
        meter.advance(6 * (end - start) as u64)?;
    }
    Ok(())
}

/// The column in the order of its slots, for a column of this phase.
#[inline(always)]
fn rotate(phase: usize, [a, b, c]: [u64; 3]) -> [u64; 3] {
    match phase {
        0 => [a, b, c],
        1 => [c, a, b],
        _ => [b, c, a],
    }
}

#[inline(always)]
fn transform_three([a, b, c]: [u64; 3]) -> [u64; 3] {
    // ω² = −1 − ω leaves one multiplication by ω.
    let turned = times_cube_root(sub(b, c));
    [
        add(a, add(b, c)),
        add(sub(a, c), turned),
        sub(sub(a, b), turned),
    ]
}

/// Undoes [`transform_three`], times 3.
#[inline(always)]
fn inverse_three([a, b, c]: [u64; 3]) -> [u64; 3] {
    transform_three([a, c, b])
}
