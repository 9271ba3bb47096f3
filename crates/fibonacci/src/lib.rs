//! Exact Fibonacci numbers of any size, computed directly in decimal.
//!
//! - [`nth`] computes F(n) for any signed n and gives a [`Decimal`], whose text is streamed in order;
//!   [`nth_with`] tells its progress and can be stopped; [`estimate`](estimate()) tells time and memory before.
//! - [`modulo`], [`digit_count`], [`first_digits`] and [`last_digits`] say what can be said of F(n) at
//!   once, exactly, for indexes far too large to compute.
//! - [`TextResidue`] verifies digits that were stored.
//!
//! Everything blocks the thread it is called on. There is no I/O, no clock and no unsafe code.

mod control;
mod decimal;
mod error;
mod estimate;
mod goldilocks;
mod instant;
mod limbs;
mod nth;
mod residue;

pub use control::Control;
pub use decimal::{Chunks, Decimal};
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use goldilocks::plan::MAX_INDEX;
pub use instant::{digit_count, first_digits, last_digits, modulo};
pub use nth::{nth, nth_with};
pub use residue::TextResidue;
