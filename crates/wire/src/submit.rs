//! Submitting an index.

use serde::{Deserialize, Serialize};

use crate::CalculationBody;

/// The header with the token of a submission, in both directions.
pub const ASK_HEADER: &str = "abaci-ask";

/// The response to `POST /api/calculations`: the calculation, and the token of this submission if it has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submitted {
    /// The calculation in its current state.
    #[serde(flatten)]
    pub calculation: CalculationBody,
    /// The token that withdraws this submission; only for work above half a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}
