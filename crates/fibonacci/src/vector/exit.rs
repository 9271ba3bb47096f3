//! The last four layers of the inverse, and the join of the extra blocks: back to coefficients.

use super::butterflies::{RootTree, inverse_16_first};
use super::extra::{self, ExtraRoots};
use super::field::{Field, Prime};
use super::lanes::{Lanes, Octet, Task};

/// Some columns of 16 + `E` rows, of which the first 16 are left as those of the coefficients below x^A
/// and the others as those from x^A on, all times A.
pub(crate) struct Exit<'a, const E: usize> {
    pub(crate) prime: &'a Prime,
    /// The inverse roots.
    pub(crate) tree: &'a RootTree,
    pub(crate) extra_roots: &'a ExtraRoots,
    pub(crate) rows: [&'a mut [Octet]; 16],
    pub(crate) extra_rows: [&'a mut [Octet]; E],
}

impl<const E: usize> Task for Exit<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let Exit { tree, extra_roots, rows, extra_rows, .. } = self;
        let columns = rows[0].len();
        let rows = rows.map(|row| &mut row[..columns]);
        let extra_rows = extra_rows.map(|row| &mut row[..columns]);
        for column in 0..columns {
            let mut x = [lanes.splat(0.0); 16];
            unrolled!(ROW in 0..16 {
                x[ROW] = lanes.load(&rows[ROW][column].0);
            });
            inverse_16_first(f, &mut x, tree);
            if E > 0 {
                // A·(c₀ + c₁) less A·(c₀ − c₁), modulo the extra blocks, of which 1/16 was kept so far.
                let mut y = x;
                extra::forward_16(f, &mut y, extra_roots, E);
                unrolled!(ROW in 0..16 {
                    if ROW < E {
                        let block = lanes.load(&extra_rows[ROW][column].0);
                        y[ROW] = f.reduce(f.sub(y[ROW], f.times(block, extra_roots.sixteen)));
                    }
                });
                extra::interpolate_16(f, &mut y, extra_roots, E);
                unrolled!(ROW in 0..16 {
                    if ROW < E {
                        let upper = f.times(y[ROW], extra_roots.rest);
                        lanes.store(&mut extra_rows[ROW][column].0, upper);
                        x[ROW] = f.sub(x[ROW], upper);
                    }
                });
            }
            unrolled!(ROW in 0..16 {
                lanes.store(&mut rows[ROW][column].0, x[ROW]);
            });
        }
    }
}
