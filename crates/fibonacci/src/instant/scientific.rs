//! F(n) in scientific notation.

use std::fmt;

use dashu_int::{IBig, UBig};

use super::{leading, split};

/// A number as ±d.ddd…·10^exponent, its digits cut off and never rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scientific {
    /// Whether the number is below 0.
    pub negative: bool,
    /// The significant digits, the first before the point.
    pub digits: String,
    /// The power of ten: the number of digits before the point, less one.
    pub exponent: UBig,
    /// Whether `digits` are all digits that the number has.
    pub exact: bool,
}

/// Returns F(n) in scientific notation with the first k ≥ 1 digits (1 if k is 0), or all if it has no more.
///
/// # Cost
/// As [`first_digits`](crate::first_digits).
///
/// # Example
/// ```
/// assert_eq!(fibonacci::scientific(1_000_000, 5).to_string(), "1.9532…e208987");
/// assert_eq!(fibonacci::scientific(-12, 5).to_string(), "-1.44e2");
/// ```
pub fn scientific(n: impl Into<IBig>, k: u16) -> Scientific {
    let (negative, n) = split(n);
    let (length, digits) = leading::leading(&n, k.max(1).into());
    let exact = length == UBig::from(digits.len());
    Scientific { negative, digits, exponent: length - UBig::ONE, exact }
}

impl fmt::Display for Scientific {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let (whole, fraction) = self.digits.split_at(1.min(self.digits.len()));
        let point = if fraction.is_empty() { "" } else { "." };
        let cut = if self.exact { "" } else { "…" };
        write!(f, "{sign}{whole}{point}{fraction}{cut}e{}", self.exponent)
    }
}
