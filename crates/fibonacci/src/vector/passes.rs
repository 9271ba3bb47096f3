//! Passes over a block that does not fit the registers: one, two or four layers at once.

use super::butterflies::{RootTree, forward_4, forward_16, inverse_4, inverse_16};
use super::field::{Factor, Field, Prime};
use super::lanes::{Lanes, Octet, Task};

/// The parts of `x` of equal length, a power of two that `N` divides.
#[inline(always)]
pub(crate) fn rows<const N: usize>(x: &mut [Octet]) -> [&mut [Octet]; N] {
    let mut rows = x.chunks_exact_mut(x.len() / N);
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

/// Four layers of a block.
pub(crate) struct Forward16<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: &'a RootTree,
}

impl Task for Forward16<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let rows = rows::<16>(self.block);
        let columns = rows[0].len();
        let rows = rows.map(|row| &mut row[..columns]);
        for column in 0..columns {
            let mut x = [lanes.splat(0.0); 16];
            for row in 0..16 {
                x[row] = lanes.load(&rows[row][column].0);
            }
            forward_16(f, &mut x, self.roots);
            for row in 0..16 {
                lanes.store(&mut rows[row][column].0, x[row]);
            }
        }
    }
}

/// Undoes [`Forward16`], times 16, given the inverse roots.
pub(crate) struct Inverse16<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: &'a RootTree,
}

impl Task for Inverse16<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let rows = rows::<16>(self.block);
        let columns = rows[0].len();
        let rows = rows.map(|row| &mut row[..columns]);
        for column in 0..columns {
            let mut x = [lanes.splat(0.0); 16];
            for row in 0..16 {
                x[row] = lanes.load(&rows[row][column].0);
            }
            inverse_16(f, &mut x, self.roots);
            for row in 0..16 {
                lanes.store(&mut rows[row][column].0, x[row]);
            }
        }
    }
}

/// Two layers of a block; the roots are the block's own and those of its halves.
pub(crate) struct Forward4<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: [Factor; 3],
}

impl Task for Forward4<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [first, second, third] = self.roots;
        let [a, b, c, d] = rows::<4>(self.block);
        let columns = a.len();
        let (b, c, d) = (&mut b[..columns], &mut c[..columns], &mut d[..columns]);
        for column in 0..columns {
            let x = [
                f.reduce(lanes.load(&a[column].0)),
                lanes.load(&b[column].0),
                lanes.load(&c[column].0),
                lanes.load(&d[column].0),
            ];
            let x = forward_4(f, x, first, [second, third]);
            lanes.store(&mut a[column].0, x[0]);
            lanes.store(&mut b[column].0, x[1]);
            lanes.store(&mut c[column].0, x[2]);
            lanes.store(&mut d[column].0, x[3]);
        }
    }
}

/// Undoes [`Forward4`], times 4, given the inverse roots.
pub(crate) struct Inverse4<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) roots: [Factor; 3],
}

impl Task for Inverse4<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [first, second, third] = self.roots;
        let [a, b, c, d] = rows::<4>(self.block);
        let columns = a.len();
        let (b, c, d) = (&mut b[..columns], &mut c[..columns], &mut d[..columns]);
        for column in 0..columns {
            let x = [
                lanes.load(&a[column].0),
                lanes.load(&b[column].0),
                lanes.load(&c[column].0),
                lanes.load(&d[column].0),
            ];
            let x = inverse_4(f, x, first, [second, third]);
            lanes.store(&mut a[column].0, x[0]);
            lanes.store(&mut b[column].0, x[1]);
            lanes.store(&mut c[column].0, x[2]);
            lanes.store(&mut d[column].0, x[3]);
        }
    }
}

/// One layer of a block.
pub(crate) struct Forward2<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) root: Factor,
}

impl Task for Forward2<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [a, b] = rows::<2>(self.block);
        let columns = a.len();
        let b = &mut b[..columns];
        for column in 0..columns {
            let x = f.reduce(lanes.load(&a[column].0));
            let y = f.times(lanes.load(&b[column].0), self.root);
            lanes.store(&mut a[column].0, f.add(x, y));
            lanes.store(&mut b[column].0, f.sub(x, y));
        }
    }
}

/// Undoes [`Forward2`], times 2, given the inverse root.
pub(crate) struct Inverse2<'a> {
    pub(crate) prime: &'a Prime,
    pub(crate) block: &'a mut [Octet],
    pub(crate) root: Factor,
}

impl Task for Inverse2<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let f = Field::new(lanes, self.prime);
        let [a, b] = rows::<2>(self.block);
        let columns = a.len();
        let b = &mut b[..columns];
        for column in 0..columns {
            let (x, y) = (lanes.load(&a[column].0), lanes.load(&b[column].0));
            lanes.store(&mut a[column].0, f.reduce(f.add(x, y)));
            lanes.store(&mut b[column].0, f.times(f.sub(x, y), self.root));
        }
    }
}
