//! Exact Fibonacci numbers of any size, computed directly in decimal.
//!
//! - [`nth`] computes F(n) for any signed n and gives a [`Decimal`], whose text is streamed in order;
//!   [`nth_with`] tells its progress and can be stopped; [`estimate`](estimate()) tells time and memory before.
//! - [`modulo`], [`digit_count`], [`first_digits`], [`last_digits`], [`scientific`] and the valuations give exact
//!   facts about F(n) without computing it, for indexes of any size ([`IBig`]).
//! - [`price`] estimates the time of what depends on sizes.
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
pub mod price;
mod residue;

pub use control::Control;
pub use dashu_int::{IBig, UBig};
pub use decimal::{Chunks, Decimal};
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use goldilocks::plan::MAX_INDEX;
pub use instant::{
    Scientific, digit_count, first_digits, is_even, last_digits, modulo, scientific, valuation_of_2, valuation_of_3,
    valuation_of_5,
};
pub use nth::{nth, nth_with};
pub use residue::TextResidue;
