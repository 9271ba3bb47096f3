//! Splitting a convolution of length 3m into three of length m, by the Good–Thomas map.

use crate::Error;
use crate::control::Meter;
use crate::goldilocks::butterfly::COLUMNS;
use crate::goldilocks::field::{add, sub, times_cube_root};

/// Splits a convolution of length 3m, 3 ∤ m, into three of length m, which are independent and alike.
///
/// Index x goes to column x mod m and, in it, to slot x mod 3; the slots of a column are transformed.
pub(crate) fn split_three_ways(x: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
    each_column(x, meter, |phase, column| transform_three(rotate(phase, column)))
}

/// Undoes [`split_three_ways`], times 3.
pub(crate) fn join_three_ways(x: &mut [u64], meter: &mut Meter<'_>) -> Result<(), Error> {
    each_column(x, meter, |phase, column| rotate((3 - phase) % 3, inverse_three(column)))
}

/// Replaces each column, the points i, i + m and i + 2m (the last two exchanged when m ≡ 2 modulo 3), so
/// that its slots begin at the phase i mod 3 and follow each other.
#[inline(always)]
fn each_column(
    x: &mut [u64],
    meter: &mut Meter<'_>,
    replace: impl Fn(usize, [u64; 3]) -> [u64; 3],
) -> Result<(), Error> {
    let third = x.len() / 3;
    let (a, rest) = x.split_at_mut(third);
    let (mut b, mut c) = rest.split_at_mut(third);
    if third % 3 == 2 {
        (b, c) = (c, b);
    }
    for start in (0..third).step_by(COLUMNS) {
        let end = third.min(start + COLUMNS);
        let a = a[start..end].chunks_mut(3);
        let b = b[start..end].chunks_mut(3);
        let c = c[start..end].chunks_mut(3);
        for ((a, b), c) in a.zip(b).zip(c) {
            let columns = a.iter_mut().zip(b).zip(c);
            for (phase, ((a, b), c)) in columns.enumerate() {
                [*a, *b, *c] = replace(phase, [*a, *b, *c]);
            }
        }
        meter.advance(6 * (end - start) as u64)?;
    }
    Ok(())
}

/// The column in the order of its slots, for a column of this phase.
#[inline(always)]
fn rotate(phase: usize, [a, b, c]: [u64; 3]) -> [u64; 3] {
    match phase {
        0 => [a, b, c],
        1 => [c, a, b],
        _ => [b, c, a],
    }
}

#[inline(always)]
fn transform_three([a, b, c]: [u64; 3]) -> [u64; 3] {
    // ω² = −1 − ω leaves one multiplication by ω.
    let turned = times_cube_root(sub(b, c));
    [add(a, add(b, c)), add(sub(a, c), turned), sub(sub(a, b), turned)]
}

/// Undoes [`transform_three`], times 3.
#[inline(always)]
fn inverse_three([a, b, c]: [u64; 3]) -> [u64; 3] {
    transform_three([a, c, b])
}
