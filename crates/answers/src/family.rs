//! Fibonacci or Lucas numbers.

use std::fmt::Display;

/// The kind of a number or a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// F(n).
    Fibonacci,
    /// L(n).
    Lucas,
}

impl Family {
    /// Returns the Lucas numbers if the flag is set.
    pub fn lucas_if(lucas: bool) -> Self {
        if lucas { Self::Lucas } else { Self::Fibonacci }
    }

    /// Returns the name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fibonacci => "fibonacci",
            Self::Lucas => "lucas",
        }
    }

    /// Returns the canonical name of a number, such as `L(100)`.
    pub(crate) fn subject(self, n: &impl Display) -> String {
        match self {
            Self::Fibonacci => format!("F({n})"),
            Self::Lucas => format!("L({n})"),
        }
    }
}
