//! The portable kernel: integers modulo the prime 2⁶⁴ − 2³² + 1, one thread, no vector instructions.
//!
//! [`plan`] knows all steps beforehand, [`doubling`] takes them, [`transform`] forms the products.

mod butterfly;
mod doubling;
mod field;
mod plan;
mod points;
mod product;
mod thirds;
mod transform;

pub(crate) use doubling::Workspace;
pub use plan::MAX_INDEX;
pub(crate) use plan::Plan;
pub(crate) use product::{multiply, square_bytes, units};
