//! Sixteen points in registers: four layers of the transform and of its inverse.
//!
//! A layer splits modulo x²ᵐ − r² into modulo xᵐ − r and xᵐ + r: (a, b) becomes (a + r·b, a − r·b). Its
//! inverse leaves (a, b) times 2.

use super::field::{Factor, Field};
use super::lanes::Lanes;
use super::roots::Roots;

/// The roots of four layers below a block, as a heap: the block's own at 1, those of its halves at 2 and
/// 3, and so on. Nothing is at 0.
pub(crate) type RootTree = [Factor; 16];

/// The roots below block `s`.
#[inline(always)]
pub(crate) fn tree(roots: &Roots, s: usize) -> RootTree {
    let mut tree = RootTree::default();
    for layer in 0..4 {
        for t in 0..1 << layer {
            tree[(1 << layer) + t] = roots.root((s << layer) + t);
        }
    }
    tree
}

/// The inverses of the roots below block `s`.
#[inline(always)]
pub(crate) fn inverse_tree(roots: &Roots, s: usize) -> RootTree {
    let mut tree = RootTree::default();
    for layer in 0..4 {
        for t in 0..1 << layer {
            tree[(1 << layer) + t] = roots.inverse_root((s << layer) + t);
        }
    }
    tree
}

/// Two layers: the second has a root for each half.
#[inline(always)]
pub(crate) fn forward_4<L: Lanes>(f: Field<L>, x: [L::Reals; 4], first: Factor, second: [Factor; 2]) -> [L::Reals; 4] {
    let (a, b) = (f.times(x[2], first), f.times(x[3], first));
    let (y0, y2, y1, y3) = (f.add(x[0], a), f.sub(x[0], a), f.add(x[1], b), f.sub(x[1], b));
    let (c, d) = (f.times(y1, second[0]), f.times(y3, second[1]));
    [f.add(y0, c), f.sub(y0, c), f.add(y2, d), f.sub(y2, d)]
}

/// Undoes [`forward_4`], times 4, given the inverse roots.
#[inline(always)]
pub(crate) fn inverse_4<L: Lanes>(f: Field<L>, x: [L::Reals; 4], first: Factor, second: [Factor; 2]) -> [L::Reals; 4] {
    let (y0, y1) = (f.add(x[0], x[1]), f.times(f.sub(x[0], x[1]), second[0]));
    let (y2, y3) = (f.add(x[2], x[3]), f.times(f.sub(x[2], x[3]), second[1]));
    [f.reduce(f.add(y0, y2)), f.add(y1, y3), f.times(f.sub(y0, y2), first), f.times(f.sub(y1, y3), first)]
}

/// Four layers of any block.
#[inline(always)]
pub(crate) fn forward_16<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree) {
    x[0] = f.reduce(x[0]);
    unrolled!(C in 0..4 {
        let rows = [x[C], x[C + 4], x[C + 8], x[C + 12]];
        [x[C], x[C + 4], x[C + 8], x[C + 12]] = forward_4(f, rows, roots[1], [roots[2], roots[3]]);
    });
    unrolled!(ROW in 0..4 {
        forward_row(f, x, roots, ROW);
    });
}

/// Undoes [`forward_16`], times 16, given the inverse roots.
#[inline(always)]
pub(crate) fn inverse_16<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree) {
    unrolled!(ROW in 0..4 {
        inverse_row(f, x, roots, ROW);
    });
    unrolled!(C in 0..4 {
        let rows = [x[C], x[C + 4], x[C + 8], x[C + 12]];
        [x[C], x[C + 4], x[C + 8], x[C + 12]] = inverse_4(f, rows, roots[1], [roots[2], roots[3]]);
    });
}

/// Four layers of block 0, whose first roots are 1, on points below 0.51p.
#[inline(always)]
pub(crate) fn forward_16_first<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree) {
    unrolled!(C in 0..4 {
        let rows = [x[C], x[C + 4], x[C + 8], x[C + 12]];
        [x[C], x[C + 4], x[C + 8], x[C + 12]] = forward_4_first(f, rows, roots[3]);
    });
    [x[0], x[1], x[2], x[3]] = forward_4_first(f, [x[0], x[1], x[2], x[3]], roots[3]);
    unrolled!(ROW in 0..4 {
        x[ROW] = f.reduce(x[ROW]);
    });
    unrolled!(ROW in 1..4 {
        forward_row(f, x, roots, ROW);
    });
}

/// Undoes [`forward_16_first`], times 16, given the inverse roots.
#[inline(always)]
pub(crate) fn inverse_16_first<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree) {
    [x[0], x[1], x[2], x[3]] = inverse_4_first(f, [x[0], x[1], x[2], x[3]], roots[3]);
    unrolled!(ROW in 0..4 {
        x[ROW] = f.reduce(x[ROW]);
    });
    unrolled!(ROW in 1..4 {
        inverse_row(f, x, roots, ROW);
    });
    unrolled!(C in 0..4 {
        let rows = [x[C], x[C + 4], x[C + 8], x[C + 12]];
        [x[C], x[C + 4], x[C + 8], x[C + 12]] = inverse_4_first(f, rows, roots[3]);
    });
}

/// The last two layers of one of four rows.
#[inline(always)]
fn forward_row<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree, row: usize) {
    let at = 4 * row;
    let points = [x[at], x[at + 1], x[at + 2], x[at + 3]];
    let second = [roots[8 + 2 * row], roots[9 + 2 * row]];
    [x[at], x[at + 1], x[at + 2], x[at + 3]] = forward_4(f, points, roots[4 + row], second);
}

#[inline(always)]
fn inverse_row<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &RootTree, row: usize) {
    let at = 4 * row;
    let points = [x[at], x[at + 1], x[at + 2], x[at + 3]];
    let second = [roots[8 + 2 * row], roots[9 + 2 * row]];
    [x[at], x[at + 1], x[at + 2], x[at + 3]] = inverse_4(f, points, roots[4 + row], second);
}

/// [`forward_4`] for the roots 1, 1 and i.
#[inline(always)]
fn forward_4_first<L: Lanes>(f: Field<L>, x: [L::Reals; 4], i: Factor) -> [L::Reals; 4] {
    let (y0, y2, y1, y3) = (f.add(x[0], x[2]), f.sub(x[0], x[2]), f.add(x[1], x[3]), f.sub(x[1], x[3]));
    let d = f.times(y3, i);
    [f.add(y0, y1), f.sub(y0, y1), f.add(y2, d), f.sub(y2, d)]
}

/// [`inverse_4`] for the roots 1, 1 and i, without its reduction.
#[inline(always)]
fn inverse_4_first<L: Lanes>(f: Field<L>, x: [L::Reals; 4], i: Factor) -> [L::Reals; 4] {
    let (y0, y1) = (f.add(x[0], x[1]), f.sub(x[0], x[1]));
    let (y2, y3) = (f.add(x[2], x[3]), f.times(f.sub(x[2], x[3]), i));
    [f.add(y0, y2), f.add(y1, y3), f.sub(y0, y2), f.sub(y1, y3)]
}
