//! Asking for a value.

use serde::{Deserialize, Serialize};

use crate::CalculationBody;

/// The header that carries the token of an ask, both ways.
pub const ASK_HEADER: &str = "abaci-ask";

/// The answer to `POST /api/calculations`: the calculation, and the asker's token if there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submitted {
    /// The calculation as it stands.
    #[serde(flatten)]
    pub calculation: CalculationBody,
    /// The token with which this ask can be withdrawn; only for work above half a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}
