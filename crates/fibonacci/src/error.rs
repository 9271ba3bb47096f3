//! Why a value was not delivered.

/// Why a value was not delivered. No variant ever comes with a partial value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The memory was refused, or n is beyond [`MAX_INDEX`](crate::MAX_INDEX) in magnitude.
    ///
    /// Try again when more is free, or ask for a smaller index.
    #[error("the value needs {needed_bytes} bytes of memory, which are not available")]
    OutOfMemory {
        /// The bytes that the whole computation reserves, as [`estimate`](crate::estimate()) states them.
        needed_bytes: u64,
    },
    /// The caller raised [`Control::cancelled`](crate::Control::cancelled).
    #[error("the computation was cancelled")]
    Cancelled,
    /// The digits do not have the residue that the value has: an error in the machine or in this crate.
    ///
    /// The digits are discarded. Computing again may succeed; failing twice is a bug.
    #[error("the digits of the value at index {index} leave the residue {found} modulo {modulus}, not {expected}")]
    CheckFailed {
        /// The index n.
        index: i64,
        /// The prime the check is made with.
        modulus: u64,
        /// The value (of F(n): its magnitude; of φ: what a step leaves) modulo the prime, computed without the digits.
        expected: u64,
        /// The residue of the digits.
        found: u64,
    },
}
