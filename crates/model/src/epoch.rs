//! Names that tell one life of a volatile backend from the next.

use std::hash::{BuildHasher, RandomState};

/// Returns a new epoch: 16 random hexadecimal digits.
///
/// A queue or an event channel has one epoch until it loses what it holds.
pub fn new_epoch() -> String {
    // The standard library's randomness never fails, and an epoch need not be secret.
    format!("{:016x}", RandomState::new().hash_one("epoch"))
}
