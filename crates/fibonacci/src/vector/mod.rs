//! The vector kernel: three primes of 49 bits, whose residues are `f64`, eight at a time.
//!
//! `docs/mathematics.md` derives what is used here. A doubling of [`plan`] goes through four phases,
//! which [`doubling`] and [`phases`] run piece by piece on all threads:
//!
//! 1. [`entry`]: limbs become residues and go through the first four layers of the transform.
//! 2. [`block`]: each block is transformed, multiplied and transformed back while it is in the cache.
//! 3. [`exit`]: the last four layers back.
//! 4. [`carry`]: residues become coefficients, and these limbs.
#![expect(clippy::needless_range_loop, reason = "vectors are kept in registers by constant indexes")]

/// Writes the body once for each constant, so that an array which only constants index stays in registers. The compiler
/// leaves a loop with a long body as it is, and then keeps the array in memory.
macro_rules! unrolled {
    ($index:ident in 0..2 $body:block) => { unrolled!(@ $index $body 0 1) };
    ($index:ident in 0..4 $body:block) => { unrolled!(@ $index $body 0 1 2 3) };
    ($index:ident in 1..4 $body:block) => { unrolled!(@ $index $body 1 2 3) };
    ($index:ident in 0..8 $body:block) => { unrolled!(@ $index $body 0 1 2 3 4 5 6 7) };
    ($index:ident in 0..16 $body:block) => { unrolled!(@ $index $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) };
    (@ $index:ident $body:block $($constant:literal)*) => {
        $({
            const $index: usize = $constant;
            $body
        })*
    };
}

mod block;
mod butterflies;
mod carry;
mod crt;
mod doubling;
mod entry;
mod exit;
mod extra;
mod field;
pub(crate) mod lanes;
mod leaf;
mod length;
mod local;
mod passes;
mod phases;
mod plan;
mod product;
#[cfg(test)]
mod range;
mod residues;
mod root_table;
mod roots;
mod tiles;

pub(crate) use doubling::Arena;
pub(crate) use plan::{DoublingPlan, MAX_INDEX};
