//! The occurrence of digits in a value.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/calculations/{index}/value/find`: where digits occur in a part of a value.
///
/// Places count digits from 1 at the beginning of the number; a sign has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundDigits {
    /// The index n, as text.
    pub index: String,
    /// `F(1000)`
    pub subject: String,
    /// The digits that were searched for.
    pub digits: String,
    /// The place of the first digit that was searched.
    pub from: u64,
    /// The place of the last digit that was searched.
    pub to: u64,
    /// The place where the digits occur first; `null` if they do not occur from `from` to `to`.
    pub position: Option<u64>,
    /// The `from` of the request that goes on; `null` if no later place is possible.
    pub next: Option<u64>,
    /// The number of all digits.
    pub count: u64,
}

impl FoundDigits {
    /// Returns the estimated processor time of reading, checking and searching or counting digits, in milliseconds: 1.5 ms for
    /// a MiB.
    pub const fn estimated_ms(digits: u64) -> u64 {
        digits * 3 / (2 << 20)
    }
}
