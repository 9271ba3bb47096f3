//! Lengths between powers of two: a transform of 16 blocks, and up to 15 more.
//!
//! The blocks 0 to 15 are those of x^A − 1, and 16 to 31 would be those of x^A + 1, of which only the
//! first e are formed. A product c = c₀ + x^A·c₁, where c₁ has e rows of A/16 coefficients, is c₀ + c₁
//! modulo x^A − 1 and c₀ − c₁ modulo the others. So the difference of the two, modulo the e blocks, is
//! 2·c₁ modulo them, which determines c₁: e rows from e blocks.
//!
//! All of this is done on single columns of the rows, in registers. It is van der Hoeven's truncated
//! transform, cut off at whole blocks.

use super::field::{Factor, Field, Prime};
use super::lanes::Lanes;
use super::residues::halve;
use super::roots::Roots;

/// The constants for `e` extra blocks modulo one prime.
#[derive(Debug)]
pub(crate) struct ExtraRoots {
    /// T(1) at 1, T(2) and T(3) at 2 and 3, and so on: the tree of x^A + 1.
    forward: [Factor; 16],
    inverse: [Factor; 16],
    /// 16, and 8, 4 and 2 by which the rest of a node of 16, 8 or 4 rows is multiplied.
    pub(crate) sixteen: Factor,
    halves: [Factor; 3],
    /// For nodes of 16, 8 and 4 rows that have more than half of theirs: what makes the second half.
    second: [Factor; 3],
    /// 1/(2·S), where S is what [`interpolate_16`] multiplies by.
    pub(crate) rest: Factor,
}

impl ExtraRoots {
    pub(crate) fn new(roots: &Roots, e: usize) -> Self {
        let prime = roots.prime;
        let mut forward = [Factor::default(); 16];
        let mut inverse = [Factor::default(); 16];
        for index in 1..16 {
            forward[index] = roots.root(index);
            inverse[index] = roots.inverse_root(index);
        }
        let mut second = [Factor::default(); 3];
        let (mut node, mut rows, mut known) = (1, 16, e);
        for constant in &mut second {
            rows /= 2;
            if known > rows {
                known -= rows;
                *constant = half_over(prime, inverse[node], scale(known));
                node = 2 * node + 1;
            } else {
                node *= 2;
            }
        }
        ExtraRoots {
            forward,
            inverse,
            sixteen: prime.root(16.0),
            halves: [prime.root(8.0), prime.root(4.0), prime.root(2.0)],
            second,
            rest: half_over(prime, prime.constant(1), scale(e.max(1))),
        }
    }
}

/// r/(2·scale)
fn half_over(prime: &Prime, r: Factor, scale: usize) -> Factor {
    let modulus = prime.modulus;
    let r = (r.value as i64).rem_euclid(modulus as i64) as u64;
    prime.constant(halve(r, scale.trailing_zeros() + 1, modulus))
}

/// The factor that [`interpolate_16`] multiplies `e` rows by: the largest power of two that is not above e.
const fn scale(e: usize) -> usize {
    1 << e.ilog2()
}

/// From 16 rows to the first e blocks of x^A + 1, which are left in the first e places.
#[inline(always)]
pub(crate) fn forward_16<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &ExtraRoots, e: usize) {
    forward_node_16(f, x, roots, 1, e);
}

/// From the first e blocks of x^A + 1 to the e rows they are of, when all others are zero; times
/// [`scale`]`(e)`.
#[inline(always)]
pub(crate) fn interpolate_16<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 16], roots: &ExtraRoots, e: usize) {
    interpolate_node_16(f, x, roots, 1, e);
}

/// The functions of a node of `$rows` rows, from those of its halves. Each is compiled for constant
/// arguments, so that only the work for `known` blocks remains.
macro_rules! node {
    (
        $rows:literal, $half:tt, $level:literal,
        $forward:ident, $inverse:ident, $interpolate:ident,
        $half_forward:ident, $half_inverse:ident, $half_interpolate:ident
    ) => {
        /// The first `known` blocks of node `at`.
        #[inline(always)]
        fn $forward<L: Lanes>(f: Field<L>, x: &mut [L::Reals; $rows], roots: &ExtraRoots, at: usize, known: usize) {
            unrolled!(ROW in 0..$half {
                let product = f.times(x[$half + ROW], roots.forward[at]);
                if known > $half {
                    x[$half + ROW] = f.sub(x[ROW], product);
                }
                x[ROW] = f.add(x[ROW], product);
            });
            let (first, second) = halves::<_, $half>(x);
            if known > $half {
                $half_forward(f, first, roots, 2 * at, $half);
                $half_forward(f, second, roots, 2 * at + 1, known - $half);
            } else if known > 0 {
                $half_forward(f, first, roots, 2 * at, known);
            }
        }

        /// Undoes the transform of all blocks of node `at`, times its rows.
        #[inline(always)]
        fn $inverse<L: Lanes>(f: Field<L>, x: &mut [L::Reals; $rows], roots: &ExtraRoots, at: usize) {
            let (first, second) = halves::<_, $half>(x);
            $half_inverse(f, first, roots, 2 * at);
            $half_inverse(f, second, roots, 2 * at + 1);
            unrolled!(ROW in 0..$half {
                let difference = f.sub(x[ROW], x[$half + ROW]);
                x[ROW] = f.add(x[ROW], x[$half + ROW]);
                x[$half + ROW] = f.times(difference, roots.inverse[at]);
            });
        }

        /// From the first `known` blocks of node `at` to as many rows, times their [`scale`].
        #[inline(always)]
        fn $interpolate<L: Lanes>(f: Field<L>, x: &mut [L::Reals; $rows], roots: &ExtraRoots, at: usize, known: usize) {
            if known == $rows {
                return $inverse(f, x, roots, at);
            }
            let (first, second) = halves::<_, $half>(x);
            if known <= $half {
                return $half_interpolate(f, first, roots, 2 * at, known);
            }
            // The first half is a + r·b and known; the second is a − r·b. Taken from the first, modulo
            // the known blocks of the second, this leaves 2·r·b, of which the other rows are zero.
            $half_inverse(f, first, roots, 2 * at);
            let mut images = *first;
            $half_forward(f, &mut images, roots, 2 * at + 1, known - $half);
            unrolled!(ROW in 0..$half {
                if ROW < known - $half {
                    let block = f.times(second[ROW], roots.halves[$level]);
                    second[ROW] = f.reduce(f.sub(images[ROW], block));
                }
            });
            $half_interpolate(f, second, roots, 2 * at + 1, known - $half);
            unrolled!(ROW in 0..$half {
                if ROW < known - $half {
                    second[ROW] = f.times(second[ROW], roots.second[$level]);
                    first[ROW] = f.sub(first[ROW], f.times(second[ROW], roots.forward[at]));
                }
            });
        }
    };
}

node!(
    16,
    8,
    0,
    forward_node_16,
    inverse_node_16,
    interpolate_node_16,
    forward_node_8,
    inverse_node_8,
    interpolate_node_8
);
node!(8, 4, 1, forward_node_8, inverse_node_8, interpolate_node_8, forward_node_4, inverse_node_4, interpolate_node_4);
node!(4, 2, 2, forward_node_4, inverse_node_4, interpolate_node_4, forward_node_2, inverse_node_2, interpolate_node_2);

#[inline(always)]
fn halves<T, const HALF: usize>(x: &mut [T]) -> (&mut [T; HALF], &mut [T; HALF]) {
    let (first, second) = x.split_at_mut(HALF);
    (first.first_chunk_mut().expect("half"), second.first_chunk_mut().expect("the other half"))
}

#[inline(always)]
fn forward_node_2<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 2], roots: &ExtraRoots, at: usize, _known: usize) {
    let product = f.times(x[1], roots.forward[at]);
    *x = [f.add(x[0], product), f.sub(x[0], product)];
}

#[inline(always)]
fn inverse_node_2<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 2], roots: &ExtraRoots, at: usize) {
    *x = [f.add(x[0], x[1]), f.times(f.sub(x[0], x[1]), roots.inverse[at])];
}

/// One row is its only block.
#[inline(always)]
fn interpolate_node_2<L: Lanes>(f: Field<L>, x: &mut [L::Reals; 2], roots: &ExtraRoots, at: usize, known: usize) {
    if known == 2 {
        inverse_node_2(f, x, roots, at);
    }
}
