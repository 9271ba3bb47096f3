//! The other way: from a number to its place among the Fibonacci numbers.

mod decimal_text;
mod golden;
mod index_of;
mod zeckendorf;

pub use decimal_text::NumberError;
pub use golden::{WythoffPair, golden_characters, golden_string, wythoff_pair};
pub use index_of::{IndexOfError, Nearest, Neighbors, index_of_fibonacci, index_of_lucas, neighbors};
pub use zeckendorf::{dual, even, from_indexes, zeckendorf};
