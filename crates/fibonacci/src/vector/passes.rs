//! Passes over a block that does not fit the registers: one, two or four layers at once, down or back up.

use super::butterflies::{RootTree, forward_4, forward_16, inverse_4, inverse_16};
use super::field::{Factor, Field, Prime};
use super::lanes::{Lanes, Octet, Task};

/// The direction of a pass down, towards the leaves.
pub(crate) const FORWARD: bool = false;
/// The direction of a pass back up.
pub(crate) const INVERSE: bool = true;

/// The parts of `x` of equal length, a power of two that `N` divides.
#[inline(always)]
pub(crate) fn rows<const N: usize>(x: &mut [Octet]) -> [&mut [Octet]; N] {
    let mut rows = x.chunks_exact_mut(x.len() / N);
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

/// Four layers of a block. The inverse undoes them, times 16, given the inverse roots.
pub(crate) struct Layers16<'a, const IS_INVERSE: bool> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: &'a RootTree,
}

impl<const IS_INVERSE: bool> Task for Layers16<'_, IS_INVERSE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let rows = rows::<16>(self.block);
        let columns = rows[0].len();
        let rows = rows.map(|row| &mut row[..columns]);
        for column in 0..columns {
            let mut x = [lanes.splat(0.0); 16];
            unrolled!(ROW in 0..16 {
                x[ROW] = lanes.load(&rows[ROW][column].0);
            });
            if IS_INVERSE {
                inverse_16(f, &mut x, self.roots);
            } else {
                forward_16(f, &mut x, self.roots);
            }
            unrolled!(ROW in 0..16 {
                lanes.store(&mut rows[ROW][column].0, x[ROW]);
            });
        }
    }
}

/// Two layers of a block; the roots are the block's own and those of its halves. The inverse undoes them, times 4,
/// given the inverse roots.
pub(crate) struct Layers4<'a, const IS_INVERSE: bool> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: [Factor; 3],
}

impl<const IS_INVERSE: bool> Task for Layers4<'_, IS_INVERSE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [first, second, third] = self.roots;
        let [a, b, c, d] = rows::<4>(self.block);
        let columns = a.len();
        let (b, c, d) = (&mut b[..columns], &mut c[..columns], &mut d[..columns]);
        for column in 0..columns {
            let mut x = [
                lanes.load(&a[column].0),
                lanes.load(&b[column].0),
                lanes.load(&c[column].0),
                lanes.load(&d[column].0),
            ];
            if IS_INVERSE {
                x = inverse_4(f, x, first, [second, third]);
            } else {
                x[0] = f.reduce(x[0]);
                x = forward_4(f, x, first, [second, third]);
            }
            lanes.store(&mut a[column].0, x[0]);
            lanes.store(&mut b[column].0, x[1]);
            lanes.store(&mut c[column].0, x[2]);
            lanes.store(&mut d[column].0, x[3]);
        }
    }
}

/// One layer of a block. The inverse undoes it, times 2, given the inverse root.
pub(crate) struct Layers2<'a, const IS_INVERSE: bool> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) root: Factor,
}

impl<const IS_INVERSE: bool> Task for Layers2<'_, IS_INVERSE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [a, b] = rows::<2>(self.block);
        let columns = a.len();
        let b = &mut b[..columns];
        for column in 0..columns {
            let (x, y) = (lanes.load(&a[column].0), lanes.load(&b[column].0));
            let (x, y) = if IS_INVERSE {
                (f.reduce(f.add(x, y)), f.times(f.sub(x, y), self.root))
            } else {
                let (x, y) = (f.reduce(x), f.times(y, self.root));
                (f.add(x, y), f.sub(x, y))
            };
            lanes.store(&mut a[column].0, x);
            lanes.store(&mut b[column].0, y);
        }
    }
}
