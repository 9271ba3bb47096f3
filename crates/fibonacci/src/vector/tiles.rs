//! Columns of a transform's rows, cut into pieces that threads take.

use std::ops::Range;

use super::lanes::{LimbOctet, Octet};

/// The same columns of all rows.
pub(crate) struct Tile<'a> {
    /// Where in a row they are.
    pub(crate) columns: Range<usize>,
    rows: Vec<&'a mut [Octet]>,
}

impl<'a> Tile<'a> {
    /// The first 16 rows, and the `E` others.
    pub(crate) fn into_rows<const E: usize>(self) -> ([&'a mut [Octet]; 16], [&'a mut [Octet]; E]) {
        debug_assert_eq!(self.rows.len(), 16 + E);
        let mut rows = self.rows.into_iter();
        let mut row = |_| rows.next().unwrap_or_default();
        (std::array::from_fn(&mut row), std::array::from_fn(row))
    }
}

/// Octets of a row in one tile.
const WIDTH: usize = 256;

/// Cuts `count` rows of equal length into tiles.
pub(crate) fn tiles(points: &mut [Octet], count: usize) -> impl Iterator<Item = Tile<'_>> {
    let row = points.len() / count;
    let mut rows: Vec<_> = points.chunks_exact_mut(row).map(|row| row.chunks_mut(WIDTH)).collect();
    (0..row).step_by(WIDTH).map(move |start| Tile {
        columns: start..row.min(start + WIDTH),
        rows: rows.iter_mut().map(|row| row.next().unwrap_or_default()).collect(),
    })
}

/// The limbs of these columns: a number of 16 rows, of which the last may be short or missing.
pub(crate) fn limb_rows(limbs: &[LimbOctet], row: usize, columns: Range<usize>) -> [&[LimbOctet]; 16] {
    std::array::from_fn(|index| {
        let (start, end) = (index * row + columns.start, index * row + columns.end);
        &limbs[start.min(limbs.len())..end.min(limbs.len())]
    })
}
