//! Sequences of the same kind: Lucas numbers, U(P, Q) and V(P, Q), own seeds, k-bonacci numbers, polynomials.
//!
//! Each formula is written once, over a [`Ring`]: the integers, or residues modulo m.

mod decimals;
mod error;
mod kbonacci;
mod kbonacci_term;
mod polynomial;
mod recurrence;
mod ring;
mod term;

pub use error::SequenceError;
pub use kbonacci::{MAX_ORDER, kbonacci, kbonacci_modulo};
pub use kbonacci_term::KbonacciTerm;
pub use polynomial::{MAX_POLYNOMIAL, fibonacci_polynomial, lucas_polynomial};
pub use recurrence::{
    LucasParameters, lucas, lucas_modulo, lucas_u, lucas_u_modulo, lucas_v, lucas_v_modulo, seeded, seeded_modulo,
};

pub use term::Term;

pub(crate) use decimals::Decimals;
pub(crate) use recurrence::value_bits;
pub(crate) use ring::Ring;

use dashu_int::{IBig, Sign, UBig};

/// The most bits that a value may have, 30 million decimal digits.
pub const MAX_VALUE_BITS: u64 = 100_000_000;

/// Splits an index into its sign and magnitude.
fn split(n: IBig) -> (bool, UBig) {
    let (sign, magnitude) = n.into_parts();
    (sign == Sign::Negative, magnitude)
}
