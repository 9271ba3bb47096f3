//! The counts of the digits of a value.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/calculations/{index}/value/digits`: how often each digit occurs in a part of a value.
///
/// Places count digits from 1 at the beginning of the number; a sign has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountedDigits {
    /// The index n of the subject, its modulus m, or its places d, as text.
    pub index: String,
    /// `F(1000)`
    pub subject: String,
    /// The place of the first digit that was counted.
    pub from: u64,
    /// The place of the last digit that was counted.
    pub to: u64,
    /// How often 0, 1 … 9 occur from `from` to `to`.
    pub counts: Vec<u64>,
    /// The sum of the digits from `from` to `to`.
    pub sum: u64,
    /// The digital root of the value if all its digits were counted: its digits are summed until one is left.
    pub digital_root: Option<u8>,
    /// The `from` of the request that goes on; `null` if all digits to the last were counted.
    pub next: Option<u64>,
    /// The number of all digits.
    pub count: u64,
}
