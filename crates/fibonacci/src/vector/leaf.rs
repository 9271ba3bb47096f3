//! The last six layers, on 64 points in registers, the products, and the first six layers back.
//!
//! Three layers go across the eight vectors of a leaf, with one root for all lanes. Then the leaf is
//! transposed, and three more go across the vectors again, now with a root for each lane.

use super::field::{Field, Prime};
use super::lanes::{Lanes, Octet, Task};
use super::local::{LEAF, LocalRoots, Tables};
use super::product::Product;

/// Octets of a leaf.
const OCTETS: usize = LEAF / 8;

/// Replaces the leaves of two blocks by the transforms of their products, inverted up to the leaf.
pub(crate) struct Leaves<'a, P: Product> {
    pub(crate) prime: &'a Prime,
    pub(crate) a: &'a mut [Octet],
    pub(crate) b: &'a mut [Octet],
    pub(crate) roots: &'a LocalRoots,
    pub(crate) product: P,
}

impl<P: Product> Task for Leaves<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let (a, b) = (self.a.as_chunks_mut::<OCTETS>().0, self.b.as_chunks_mut::<OCTETS>().0);
        let count = a.len();
        let b = &mut b[..count];
        for leaf in 0..count {
            let forward = LaneRoots::new(lanes, f, self.prime, &self.roots.forward, leaf, Direction::Forward);
            let x = forward_leaf(lanes, f, &a[leaf], &self.roots.forward, count + leaf, &forward);
            let y = forward_leaf(lanes, f, &b[leaf], &self.roots.forward, count + leaf, &forward);
            let (mut first, mut second) = (x, y);
            unrolled!(ROW in 0..8 {
                let (p, q) = (f.reduce(x[ROW]), f.reduce(y[ROW]));
                (first[ROW], second[ROW]) = self.product.of(f, p, q);
            });
            let inverse = LaneRoots::new(lanes, f, self.prime, &self.roots.inverse, leaf, Direction::Inverse);
            inverse_leaf(lanes, f, first, &mut a[leaf], &self.roots.inverse, count + leaf, &inverse);
            if P::TWO {
                inverse_leaf(lanes, f, second, &mut b[leaf], &self.roots.inverse, count + leaf, &inverse);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Inverse,
}

/// The roots of the last three layers, in each lane those of its block: one, then two, then four.
struct LaneRoots<L: Lanes> {
    values: [L::Reals; 7],
    scaled: [L::Reals; 7],
}

impl<L: Lanes> LaneRoots<L> {
    /// From T(4s) for each lane's block s: T(2s) is its square, and T(s) the square of that; the others
    /// follow by T(1) = i and T(2).
    #[inline(always)]
    fn new(lanes: L, f: Field<L>, prime: &Prime, tables: &Tables, leaf: usize, direction: Direction) -> Self {
        let table = match direction {
            Direction::Forward => &prime.roots,
            Direction::Inverse => &prime.inverse_roots,
        };
        let (one, two) = (prime.root(table.octet(0)[1]), prime.root(table.octet(0)[2]));
        let third_0 = lanes.load(&tables.lanes.as_chunks().0[leaf]);
        let third_1 = f.times(third_0, one);
        let third_2 = f.times(third_0, two);
        let third_3 = f.times(third_2, one);
        let second_0 = f.product(third_0, third_0);
        let second_1 = f.times(second_0, one);
        let first = f.product(second_0, second_0);
        let values = [first, second_0, second_1, third_0, third_1, third_2, third_3];
        let mut scaled = values;
        for root in 0..7 {
            scaled[root] = f.scaled(values[root]);
        }
        LaneRoots { values, scaled }
    }
}

/// Pairs of vectors that meet in a layer, and which root of the layer they meet with.
type Pairs = [(usize, usize, usize); 4];
const FIRST: Pairs = [(0, 4, 0), (1, 5, 0), (2, 6, 0), (3, 7, 0)];
const SECOND: Pairs = [(0, 2, 0), (1, 3, 0), (4, 6, 1), (5, 7, 1)];
const THIRD: Pairs = [(0, 1, 0), (2, 3, 1), (4, 5, 2), (6, 7, 3)];

/// The transform of the leaf whose root has the index `at` in the heap of roots.
#[inline(always)]
fn forward_leaf<L: Lanes>(
    lanes: L,
    f: Field<L>,
    leaf: &[Octet; OCTETS],
    roots: &Tables,
    at: usize,
    lane_roots: &LaneRoots<L>,
) -> [L::Reals; 8] {
    let mut x = [lanes.splat(0.0); 8];
    unrolled!(ROW in 0..8 {
        x[ROW] = lanes.load(&leaf[ROW].0);
    });
    x[0] = f.reduce(x[0]);
    forward_layer(f, &mut x, FIRST, roots, at);
    forward_layer(f, &mut x, SECOND, roots, 2 * at);
    forward_layer(f, &mut x, THIRD, roots, 4 * at);
    lanes.transpose(&mut x);
    forward_lane_layer(f, &mut x, FIRST, lane_roots, 0);
    forward_lane_layer(f, &mut x, SECOND, lane_roots, 1);
    forward_lane_layer(f, &mut x, THIRD, lane_roots, 3);
    x
}

/// Undoes [`forward_leaf`], times 64, given the inverse roots. Reductions stand where sums would grow.
#[inline(always)]
fn inverse_leaf<L: Lanes>(
    lanes: L,
    f: Field<L>,
    mut x: [L::Reals; 8],
    leaf: &mut [Octet; OCTETS],
    roots: &Tables,
    at: usize,
    lane_roots: &LaneRoots<L>,
) {
    inverse_lane_layer(f, &mut x, THIRD, lane_roots, 3);
    inverse_lane_layer(f, &mut x, SECOND, lane_roots, 1);
    inverse_lane_layer(f, &mut x, FIRST, lane_roots, 0);
    x[0] = f.reduce(x[0]);
    x[1] = f.reduce(x[1]);
    lanes.transpose(&mut x);
    inverse_layer(f, &mut x, THIRD, roots, 4 * at);
    inverse_layer(f, &mut x, SECOND, roots, 2 * at);
    x[0] = f.reduce(x[0]);
    x[4] = f.reduce(x[4]);
    inverse_layer(f, &mut x, FIRST, roots, at);
    x[1] = f.reduce(x[1]);
    unrolled!(ROW in 0..8 {
        lanes.store(&mut leaf[ROW].0, x[ROW]);
    });
}

/// One layer across vectors; `at` is the index of the layer's first root.
#[inline(always)]
fn forward_layer<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 8], pairs: Pairs, roots: &Tables, at: usize) {
    unrolled!(PAIR in 0..4 {
        let (low, high, root) = pairs[PAIR];
        let product = f.times(x[high], roots.root(at + root));
        x[high] = f.sub(x[low], product);
        x[low] = f.add(x[low], product);
    });
}

/// Undoes [`forward_layer`], times 2, given the inverse roots.
#[inline(always)]
fn inverse_layer<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 8], pairs: Pairs, roots: &Tables, at: usize) {
    unrolled!(PAIR in 0..4 {
        let (low, high, root) = pairs[PAIR];
        let difference = f.sub(x[low], x[high]);
        x[low] = f.add(x[low], x[high]);
        x[high] = f.times(difference, roots.root(at + root));
    });
}

/// One layer across vectors, with a root for each lane.
#[inline(always)]
fn forward_lane_layer<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 8], pairs: Pairs, roots: &LaneRoots<L>, at: usize) {
    unrolled!(PAIR in 0..4 {
        let (low, high, root) = pairs[PAIR];
        let product = f.times_each(x[high], roots.values[at + root], roots.scaled[at + root]);
        x[high] = f.sub(x[low], product);
        x[low] = f.add(x[low], product);
    });
}

/// Undoes [`forward_lane_layer`], times 2, given the inverse roots.
#[inline(always)]
fn inverse_lane_layer<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 8], pairs: Pairs, roots: &LaneRoots<L>, at: usize) {
    unrolled!(PAIR in 0..4 {
        let (low, high, root) = pairs[PAIR];
        let difference = f.sub(x[low], x[high]);
        x[low] = f.add(x[low], x[high]);
        x[high] = f.times_each(difference, roots.values[at + root], roots.scaled[at + root]);
    });
}
