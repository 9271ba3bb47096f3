//! The arithmetic of one node of the transform: splitting a modulus in four, joining the parts, and the
//! products modulo the smallest moduli. [`transform`](crate::goldilocks::transform) walks the nodes.

use crate::goldilocks::field::{add, add_loose, mul, sub, sub_loose, times_i};

/// Columns of a large block that a pass transforms between two reports of progress, a multiple of 3.
pub(crate) const COLUMNS: usize = 3 << 12;

/// From coefficients modulo x⁴ᵐ − r⁴ to those modulo the four factors. Loose in, loose out.
#[inline(always)]
pub(crate) fn forward_columns([a, b, c, d]: [&mut [u64]; 4], r: u64) {
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
pub(crate) fn inverse_columns([a, b, c, d]: [&mut [u64]; 4], r: u64) {
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

/// R for the four moduli xᴮ − R below a block with root r.
#[inline(always)]
pub(crate) fn moduli(r: u64) -> [u64; 4] {
    let ir = times_i(r);
    [r, sub(0, r), ir, sub(0, ir)]
}

/// x²·scale modulo x⁴ − r. Loose in, canonical out.
#[inline(always)]
pub(crate) fn square_modulo_quartic(x: [u64; 4], r: u64, scale: u64) -> [u64; 4] {
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
pub(crate) fn multiply_modulo_quartic(x: [u64; 4], y: [u64; 4], r: u64, scale: u64) -> [u64; 4] {
    let [a, b, c, d] = x.map(|x| mul(x, scale));
    [
        add(mul(a, y[0]), mul(r, add(add(mul(b, y[3]), mul(d, y[1])), mul(c, y[2])))),
        add(add(mul(a, y[1]), mul(b, y[0])), mul(r, add(mul(c, y[3]), mul(d, y[2])))),
        add(add(add(mul(a, y[2]), mul(c, y[0])), mul(b, y[1])), mul(r, mul(d, y[3]))),
        add(add(mul(a, y[3]), mul(d, y[0])), add(mul(b, y[2]), mul(c, y[1]))),
    ]
}

/// x·y·scale modulo x² − r. Loose in, canonical out.
#[inline(always)]
pub(crate) fn multiply_modulo_quadratic(x: [u64; 2], y: [u64; 2], r: u64, scale: u64) -> [u64; 2] {
    let [a, b] = x.map(|x| mul(x, scale));
    [add(mul(a, y[0]), mul(r, mul(b, y[1]))), add(mul(a, y[1]), mul(b, y[0]))]
}

/// The four columns of a block, 4m long.
#[inline(always)]
pub(crate) fn quarters(x: &mut [u64]) -> [&mut [u64]; 4] {
    let (low, high) = x.split_at_mut(x.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}
