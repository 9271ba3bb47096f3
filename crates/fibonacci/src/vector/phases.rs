//! The phases between limbs and coefficients, each cut into pieces for all threads.

use super::block::{multiply_block, pass};
use super::butterflies::{RootTree, inverse_tree, tree};
use super::entry::{Entry, ShortEntry};
use super::exit::Exit;
use super::extra::ExtraRoots;
use super::lanes::{Lanes, LimbOctet, Octet};
use super::local::LocalRoots;
use super::passes::{FORWARD, INVERSE};
use super::plan::DoublingStep;
use super::product::Product;
use super::roots::Roots;
use super::tiles::{limb_rows, tiles};
use crate::Error;
use crate::crew::Crew;

/// The points of two numbers modulo one prime.
pub(crate) struct PointPair<'a> {
    pub(crate) roots: &'a Roots,
    pub(crate) a: &'a mut [Octet],
    pub(crate) b: &'a mut [Octet],
}

/// Runs an expression with the number of extra blocks as a constant.
macro_rules! with_extra {
    ($extra:expr, $constant:ident => $run:expr) => {
        with_extra!(@ $extra, $constant, $run; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $extra:expr, $constant:ident, $run:expr; $($count:literal)*) => {
        match $extra {
            $($count => { const $constant: usize = $count; $run })*
            other => unreachable!("a length with {other} extra blocks"),
        }
    };
}

#[cfg(test)]
pub(super) use with_extra;

/// Replaces the points of the pairs by their products, given the limbs of both numbers.
pub(crate) fn multiply<L: Lanes, P: Product>(
    lanes: L,
    product: P,
    step: &DoublingStep,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
    operands: [&[LimbOctet]; 2],
) -> Result<(), Error> {
    let constants: Vec<_> = pairs.iter().map(|pair| PhaseRoots::new(pair.roots, step.length.extra())).collect();
    enter(lanes, step, crew, pairs, &constants, operands)?;
    multiply_blocks(lanes, product, step, crew, pairs)?;
    leave(lanes, step, crew, pairs, &constants, P::TWO)
}

/// The first phase: from limbs to the first layers.
fn enter<L: Lanes>(
    lanes: L,
    step: &DoublingStep,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
    constants: &[PhaseRoots],
    operands: [&[LimbOctet]; 2],
) -> Result<(), Error> {
    let units = pairs.len() as u64 * step.entry_work();
    if step.length.blocks == 1 {
        for pair in pairs {
            for (points, limbs) in [(&mut *pair.a, operands[0]), (&mut *pair.b, operands[1])] {
                lanes.run(ShortEntry { prime: pair.roots.prime, limbs, points });
            }
        }
        return crew.advance(units);
    }
    let mut items = Vec::new();
    for (pair, constants) in pairs.iter_mut().zip(constants) {
        for (points, limbs) in [(&mut *pair.a, operands[0]), (&mut *pair.b, operands[1])] {
            let tiles = tiles(points, step.length.blocks);
            items.extend(tiles.map(|tile| (pair.roots.prime, constants, limbs, tile)));
        }
    }
    crew.for_each(items, units, |(prime, constants, limbs, tile)| {
        let limbs = limb_rows(limbs, step.length.block / 8, tile.columns.clone());
        let (tree, extra_roots) = (&constants.tree, &constants.extra);
        with_extra!(step.length.extra(), E => {
            let (rows, extra_rows) = tile.into_rows::<E>();
            lanes.run(Entry { prime, tree, extra_roots, limbs, rows, extra_rows });
        });
    })
}

/// Longer blocks are cut in 16 between their first and last layers, so that no piece takes long: a thread that is to
/// stop finishes its piece first.
const LONGEST_PIECE: usize = if cfg!(test) { 1 << 9 } else { 1 << 20 };

/// The second phase: the blocks, each by itself.
fn multiply_blocks<L: Lanes, P: Product>(
    lanes: L,
    product: P,
    step: &DoublingStep,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
) -> Result<(), Error> {
    let units = pairs.len() as u64 * step.block_work();
    let (block, octets) = (step.length.block, step.length.block / 8);
    if block <= LONGEST_PIECE {
        return multiply_pieces(lanes, product, crew, pairs, octets, units);
    }
    // Four layers down, and four up.
    let end_units = 2 * units / u64::from(block.ilog2());
    pass_all::<FORWARD, L>(lanes, crew, pairs, octets, true, end_units)?;
    multiply_pieces(lanes, product, crew, pairs, octets / 16, units - 2 * end_units)?;
    pass_all::<INVERSE, L>(lanes, crew, pairs, octets, P::TWO, end_units)
}

fn multiply_pieces<L: Lanes, P: Product>(
    lanes: L,
    product: P,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
    octets: usize,
    units: u64,
) -> Result<(), Error> {
    let mut items = Vec::new();
    for pair in pairs {
        let blocks = pair.a.chunks_exact_mut(octets).zip(pair.b.chunks_exact_mut(octets));
        items.extend(blocks.enumerate().map(|(s, block)| (pair.roots, s, block)));
    }
    crew.for_each_with(items, units, LocalRoots::new, |tables, (roots, s, block)| {
        multiply_block(lanes, product, block, s, roots, tables, crew.cancelled());
    })
}

/// Takes all blocks four layers down, or back up; those of the second number only if there are `two`.
fn pass_all<const IS_INVERSE: bool, L: Lanes>(
    lanes: L,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
    octets: usize,
    two: bool,
    units: u64,
) -> Result<(), Error> {
    let mut items = Vec::new();
    for pair in pairs {
        for points in [Some(&mut *pair.a), two.then_some(&mut *pair.b)].into_iter().flatten() {
            items.extend(points.chunks_exact_mut(octets).enumerate().map(|(s, block)| (pair.roots, s, block)));
        }
    }
    crew.for_each(items, units, |(roots, s, block)| {
        let roots_below = if IS_INVERSE { inverse_tree(roots, s) } else { tree(roots, s) };
        pass::<IS_INVERSE>(lanes, block, 4, roots, &roots_below);
    })
}

/// The third phase: the last layers, back to coefficients; of the second number only if there are `two`.
fn leave<L: Lanes>(
    lanes: L,
    step: &DoublingStep,
    crew: &Crew<'_>,
    pairs: &mut [PointPair<'_>],
    constants: &[PhaseRoots],
    two: bool,
) -> Result<(), Error> {
    if step.length.blocks == 1 {
        return Ok(());
    }
    let units = pairs.len() as u64 * step.exit_work();
    let mut items = Vec::new();
    for (pair, constants) in pairs.iter_mut().zip(constants) {
        let products = [Some(&mut *pair.a), two.then_some(&mut *pair.b)];
        for points in products.into_iter().flatten() {
            let tiles = tiles(points, step.length.blocks);
            items.extend(tiles.map(|tile| (pair.roots.prime, constants, tile)));
        }
    }
    crew.for_each(items, units, |(prime, constants, tile)| {
        let (tree, extra_roots) = (&constants.inverse_tree, &constants.extra);
        with_extra!(step.length.extra(), E => {
            let (rows, extra_rows) = tile.into_rows::<E>();
            lanes.run(Exit { prime, tree, extra_roots, rows, extra_rows });
        });
    })
}

/// The roots of the first and last four layers modulo one prime.
struct PhaseRoots {
    tree: RootTree,
    inverse_tree: RootTree,
    extra: ExtraRoots,
}

impl PhaseRoots {
    fn new(roots: &Roots, extra: usize) -> Self {
        PhaseRoots { tree: tree(roots, 0), inverse_tree: inverse_tree(roots, 0), extra: ExtraRoots::new(roots, extra) }
    }
}
