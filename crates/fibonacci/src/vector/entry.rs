//! From limbs to the first four layers: column by column, read once and written once.

use super::butterflies::{RootTree, forward_16_first};
use super::extra::{self, ExtraRoots};
use super::field::{Field, Prime};
use super::lanes::{Lanes, LimbOctet, Octet, Task};

/// Some columns of 16 rows of limbs and of 16 + `E` rows of points.
pub(crate) struct Entry<'a, const E: usize> {
    pub(crate) prime: &'a Prime,
    pub(crate) tree: &'a RootTree,
    pub(crate) extra_roots: &'a ExtraRoots,
    /// The rows of the number; those beyond its end are empty, or shorter than the columns.
    pub(crate) limbs: [&'a [LimbOctet]; 16],
    pub(crate) rows: [&'a mut [Octet]; 16],
    pub(crate) extra_rows: [&'a mut [Octet]; E],
}

impl<const E: usize> Task for Entry<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let Entry { tree, extra_roots, limbs, rows, extra_rows, .. } = self;
        let columns = rows[0].len();
        let rows = rows.map(|row| &mut row[..columns]);
        let extra_rows = extra_rows.map(|row| &mut row[..columns]);
        for column in 0..columns {
            let mut x = [lanes.splat(0.0); 16];
            unrolled!(ROW in 0..16 {
                if let Some(limbs) = limbs[ROW].get(column) {
                    let (high, low) = lanes.split_limbs(limbs);
                    x[ROW] = f.residue_of_halves(high, low);
                }
            });
            if E > 0 {
                let mut x = x;
                extra::forward_16(f, &mut x, extra_roots, E);
                unrolled!(ROW in 0..16 {
                    if ROW < E {
                        lanes.store(&mut extra_rows[ROW][column].0, x[ROW]);
                    }
                });
            }
            forward_16_first(f, &mut x, tree);
            unrolled!(ROW in 0..16 {
                lanes.store(&mut rows[ROW][column].0, x[ROW]);
            });
        }
    }
}

/// A short number as the points of a single block.
pub(crate) struct ShortEntry<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) limbs: &'a [LimbOctet],
    pub(crate) points: &'a mut [Octet],
}

impl Task for ShortEntry<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let (points, rest) = self.points.split_at_mut(self.limbs.len());
        for octet in 0..points.len() {
            let (high, low) = lanes.split_limbs(&self.limbs[octet]);
            lanes.store(&mut points[octet].0, f.residue_of_halves(high, low));
        }
        rest.fill(Octet([0.0; 8]));
    }
}
