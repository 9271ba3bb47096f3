//! Exact Fibonacci numbers of any size, computed directly in decimal.

mod butterfly;
mod control;
mod decimal;
mod doubling;
mod error;
mod estimate;
mod field;
mod instant;
mod multiply;
mod nth;
mod plan;
mod residue;
mod thirds;
mod transform;

pub use control::Control;
pub use decimal::{Chunks, Decimal};
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use instant::{digit_count, first_digits, last_digits, modulo};
pub use nth::{nth, nth_with};
pub use plan::MAX_INDEX;
pub use residue::TextResidue;
