//! Errors of sequences.

use super::{MAX_ORDER, MAX_POLYNOMIAL, MAX_VALUE_BITS};

/// Why a sequence has no value to deliver at an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// The value is too long; its residues can be computed at any index.
    #[error("cannot compute a value of more than {MAX_VALUE_BITS} bits")]
    TooLarge,
    /// At negative indexes the value is a fraction, or the residue does not exist.
    #[error("cannot compute a negative index: Q is not invertible")]
    NotInvertible,
    /// The number of terms added is not within 2 and [`MAX_ORDER`].
    #[error("expected an order from 2 to {MAX_ORDER}, got {given}")]
    Order {
        /// The order.
        given: u32,
    },
    /// The index of a polynomial is above [`MAX_POLYNOMIAL`].
    #[error("expected a polynomial's index up to {MAX_POLYNOMIAL}, got {given}")]
    Polynomial {
        /// The index.
        given: u32,
    },
    /// The modulus is 0.
    #[error("expected a modulus above 0")]
    ZeroModulus,
}
