//! The portable kernel: integers modulo the prime 2⁶⁴ − 2³² + 1, one thread, no vector instructions.
//!
//! [`plan`] knows all steps beforehand, [`doubling`] takes them, [`transform`] forms the products.

mod butterfly;
pub(crate) mod doubling;
mod field;
pub(crate) mod plan;
pub(crate) mod points;
mod thirds;
mod transform;
