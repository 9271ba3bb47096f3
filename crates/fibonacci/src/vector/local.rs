//! The roots of one block that fits the first cache, as tables of its own.

use super::butterflies::RootTree;
use super::field::{Factor, Field};
use super::lanes::{Lanes, Task};
use super::roots::Roots;

/// Points that are transformed in registers, with a transposition.
pub(crate) const LEAF: usize = 64;
/// Points of the longest block with tables of its own: two of them and the tables fill 44 KiB.
pub(crate) const LOCAL: usize = 2048;

/// Tables for blocks of up to [`LOCAL`] points.
#[derive(Debug)]
pub(crate) struct LocalRoots {
    pub(crate) forward: Tables,
    pub(crate) inverse: Tables,
}

/// The roots in one direction.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Tables {
    /// A heap: the block's root at 1, those of its halves at 2 and 3, and so on to three layers into the
    /// leaves.
    values: [f64; HEAP],
    /// The same times 1/p.
    scaled: [f64; HEAP],
    /// T(4s) for the eight blocks s that each leaf has after three layers.
    pub(crate) lanes: [f64; 8 * LOCAL / LEAF],
}

const HEAP: usize = 8 * LOCAL / LEAF;

impl Tables {
    /// The root at this index of the heap.
    #[inline(always)]
    pub(crate) fn root(&self, index: usize) -> Factor {
        // Never beyond the end: it saves the comparison.
        let index = index % HEAP;
        Factor { value: self.values[index], scaled: self.scaled[index] }
    }

    /// The four layers of roots below the one at this index of the heap.
    pub(crate) fn tree(&self, index: usize) -> RootTree {
        let mut tree = RootTree::default();
        for layer in 0..4 {
            for t in 0..1 << layer {
                tree[(1 << layer) + t] = self.root((index << layer) + t);
            }
        }
        tree
    }

    const ZERO: Self = Tables { values: [0.0; HEAP], scaled: [0.0; HEAP], lanes: [0.0; 8 * LOCAL / LEAF] };
}

impl LocalRoots {
    pub(crate) fn new() -> Self {
        LocalRoots { forward: Tables::ZERO, inverse: Tables::ZERO }
    }
}

/// Fills the tables for block `s` of `points` points.
pub(crate) struct FillTables<'a> {
    pub(crate) roots: &'a Roots,
    pub(crate) points: usize,
    pub(crate) s: usize,
    pub(crate) tables: &'a mut LocalRoots,
}

impl Task for FillTables<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let FillTables { roots, points, s, tables } = self;
        let prime = roots.prime;
        let f = Field::new(lanes, prime);
        let leaves = points / LEAF;
        let layers = leaves.trailing_zeros() as usize;
        for inverse in [false, true] {
            let (tables, first) = match inverse {
                false => (&mut tables.forward, &prime.roots),
                true => (&mut tables.inverse, &prime.inverse_roots),
            };
            let root = |s| if inverse { roots.inverse_root(s) } else { roots.root(s) };
            for layer in 0..3 {
                for t in 0..1 << layer {
                    let root = root((s << layer) + t);
                    tables.values[(1 << layer) + t] = root.value;
                    tables.scaled[(1 << layer) + t] = root.scaled;
                }
            }
            // T(2ˡ·s + t) = T(2ˡ·s)·T(t).
            let (values, scaled) = (tables.values.as_chunks_mut().0, tables.scaled.as_chunks_mut().0);
            for layer in 3..layers + 3 {
                let block = root(s << layer);
                for octet in 0..1 << (layer - 3) {
                    let x = f.times(lanes.load(first.octet(octet)), block);
                    lanes.store(&mut values[(1 << (layer - 3)) + octet], x);
                    lanes.store(&mut scaled[(1 << (layer - 3)) + octet], f.scaled(x));
                }
            }
            // Leaf t, three layers on, has the blocks 8·(2ˡ·s + t) to 8·(2ˡ·s + t) + 7.
            let block = root((32 * s) << layers);
            let lane_roots = tables.lanes.as_chunks_mut().0;
            for leaf in 0..leaves {
                let x = f.times(lanes.load(first.octet_of_fourths(leaf)), block);
                lanes.store(&mut lane_roots[leaf], x);
            }
        }
    }
}
