//! Where the text of a value goes: short ones into the record, long ones beside it.

use fibonacci::Decimal;
use model::{Sha256, Subject, Value};
use store::{Placement, StoreError};

use crate::Worker;

/// A text that is where it belongs (or travels with the row), and what is to be recorded of it.
pub(crate) struct Placed {
    pub(crate) sha256: Sha256,
    pub(crate) first_digits: String,
    pub(crate) last_digits: String,
    pub(crate) digits: u64,
    pub(crate) size_bytes: u64,
    pub(crate) placement: Placement,
}

impl Placed {
    /// A text that goes into the record itself.
    pub(crate) fn inline(text: String) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        // Digits are ASCII, so every place is a boundary of characters.
        let ends = (Value::END_DIGITS as usize).min(digits.len());
        Self {
            sha256: store::digest(text.as_bytes()),
            first_digits: digits[..ends].to_owned(),
            last_digits: digits[digits.len() - ends..].to_owned(),
            digits: digits.len() as u64,
            size_bytes: text.len() as u64,
            placement: Placement::Inline(text),
        }
    }
}

impl Placed {
    pub(crate) async fn object(worker: &Worker, subject: &Subject, value: &Decimal) -> Result<Self, StoreError> {
        let _ = (worker, subject, value);
        std::future::pending().await
    }
}
