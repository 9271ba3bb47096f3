//! One block of two transforms: down to the leaves, the products, and back up, depth first.
//!
//! So a block is read from memory once for as many layers as the second cache holds, and the products
//! cost no pass of their own.

use std::sync::atomic::{AtomicBool, Ordering};

use super::butterflies::{RootTree, inverse_tree, tree};
use super::lanes::{Lanes, Octet};
use super::leaf::Leaves;
use super::local::{FillTables, LEAF, LOCAL, LocalRoots};
use super::passes::{FORWARD, INVERSE, Layers2, Layers4, Layers16};
use super::product::Product;
use super::roots::Roots;

/// Replaces `a` and `b`, modulo xᵐ − T(s)² for their length m, by their products, times m.
///
/// m is a power of two and at least [`LEAF`]. Where there is one product, `b` is destroyed. Points may be
/// up to 4.6p in magnitude and are at most 1.8p afterwards. Stops halfway once `cancelled` is raised.
pub(crate) fn multiply_block<L: Lanes, P: Product>(
    lanes: L,
    product: P,
    (a, b): (&mut [Octet], &mut [Octet]),
    s: usize,
    roots: &Roots,
    tables: &mut LocalRoots,
    cancelled: &AtomicBool,
) {
    let points = 8 * a.len();
    if points > LOCAL && cancelled.load(Ordering::Relaxed) {
        return;
    }
    if points <= LOCAL {
        return multiply_local(lanes, product, (a, b), s, roots, tables);
    }
    let layers = if points / LOCAL >= 8 { 4 } else { 2 };
    let down = tree(roots, s);
    for x in [&mut *a, &mut *b] {
        pass::<FORWARD>(lanes, x, layers, roots, &down);
    }
    let parts = 1 << layers;
    let octets = a.len() / parts;
    let pairs = a.chunks_exact_mut(octets).zip(b.chunks_exact_mut(octets));
    for (part, pair) in pairs.enumerate() {
        multiply_block(lanes, product, pair, parts * s + part, roots, tables, cancelled);
    }
    let up = inverse_tree(roots, s);
    pass::<INVERSE>(lanes, a, layers, roots, &up);
    if P::TWO {
        pass::<INVERSE>(lanes, b, layers, roots, &up);
    }
}

/// Takes a block one, two or four layers down, or back up.
pub(crate) fn pass<const IS_INVERSE: bool>(
    lanes: impl Lanes,
    block: &mut [Octet],
    layers: usize,
    roots: &Roots,
    tree: &RootTree,
) {
    let prime = roots.prime;
    match layers {
        4 => lanes.run(Layers16::<IS_INVERSE> { prime, block, roots: tree }),
        2 => lanes.run(Layers4::<IS_INVERSE> { prime, block, roots: [tree[1], tree[2], tree[3]] }),
        _ => lanes.run(Layers2::<IS_INVERSE> { prime, block, root: tree[1] }),
    }
}

/// The same for a block within the first cache, whose roots are tabulated first.
fn multiply_local<L: Lanes, P: Product>(
    lanes: L,
    product: P,
    (a, b): (&mut [Octet], &mut [Octet]),
    s: usize,
    roots: &Roots,
    tables: &mut LocalRoots,
) {
    let points = 8 * a.len();
    lanes.run(FillTables { roots, points, s, tables });
    let passes = local_passes(points);
    for x in [&mut *a, &mut *b] {
        for &(done, layers) in passes {
            let octets = x.len() >> done;
            for (part, block) in x.chunks_exact_mut(octets).enumerate() {
                pass::<FORWARD>(lanes, block, layers, roots, &tables.forward.tree((1 << done) + part));
            }
        }
    }
    lanes.run(Leaves { prime: roots.prime, a, b, roots: tables, product });
    let up = |x: &mut [Octet]| {
        for &(done, layers) in passes.iter().rev() {
            let octets = x.len() >> done;
            for (part, block) in x.chunks_exact_mut(octets).enumerate() {
                pass::<INVERSE>(lanes, block, layers, roots, &tables.inverse.tree((1 << done) + part));
            }
        }
    };
    up(a);
    if P::TWO {
        up(b);
    }
}

/// The passes from a block down to its leaves: layers done before, and layers of the pass.
fn local_passes(points: usize) -> &'static [(usize, usize)] {
    match points / LEAF {
        1 => &[],
        2 => &[(0, 1)],
        4 => &[(0, 2)],
        8 => &[(0, 1), (1, 2)],
        16 => &[(0, 4)],
        _ => &[(0, 1), (1, 4)],
    }
}
