//! What a calculation would take.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/estimates/{index}`: what the calculation of a subject would take here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Estimate))]
pub struct EstimateBody {
    /// `L(1000)`
    pub subject: String,
    /// The count of decimal digits of the value; an upper bound for other subjects than F(n).
    pub digits: u64,
    /// The estimated time to compute it.
    pub estimated_ms: u64,
    /// The estimated memory to compute it.
    pub estimated_memory_bytes: u64,
}
