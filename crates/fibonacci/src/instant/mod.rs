//! Exact facts about F(n) for indexes far too large to compute it: residues, digits, powers that divide it.
//!
//! Residues come from doubling the index modulo m ([`residue`]), the highest digits from the logarithm of F(n)
//! ([`leading`]), enclosed between two bounds ([`logarithm`]) so that every digit is proven.

mod digits;
mod exact;
mod leading;
mod logarithm;
mod residue;
mod scientific;
mod valuation;

pub use digits::{digit_count, first_digits, last_digits};
pub use residue::{modulo, residues};
pub use scientific::{Scientific, scientific};
pub use valuation::{is_even, valuation_of_2, valuation_of_3, valuation_of_5};

pub(crate) use digits::digit_count_of_word;
pub(crate) use exact::pair;
pub(crate) use residue::{modulo_of_magnitude, residue_of};

use dashu_int::ops::BitTest;
use dashu_int::{IBig, Sign, UBig};

/// Returns whether F(n) < 0, which holds for even n < 0.
pub(crate) fn is_negative(n: i64) -> bool {
    n < 0 && n % 2 == 0
}

/// The sign and magnitude of the index of F(n): whether F(n) < 0, and |n|.
fn split(n: impl Into<IBig>) -> (bool, UBig) {
    let (sign, magnitude) = n.into().into_parts();
    (sign == Sign::Negative && !magnitude.bit(0) && !magnitude.is_zero(), magnitude)
}

/// Returns the bits of n, the highest first.
fn bits(n: &UBig) -> impl Iterator<Item = bool> {
    (0..n.bit_len()).rev().map(|place| n.bit(place))
}
