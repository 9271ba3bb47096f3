//! The golden ratio, to which F(n+1)/F(n) tends.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/phi`: digits of the golden ratio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhiDigits {
    /// The number of decimal places.
    pub places: u32,
    /// φ with that many places: cut off, never rounded.
    pub phi: String,
}

/// The response to `GET /api/ratios/{n}`: digits of F(n+1)/F(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatioDigits {
    /// The index n, as text.
    pub index: String,
    /// The number of decimal places.
    pub places: u32,
    /// F(n+1)/F(n) with that many places: cut off, never rounded.
    pub ratio: String,
    /// The number of places that agree with φ; `null` for n above 20,000.
    pub agreeing_places: Option<u32>,
}

/// The response to `GET /api/convergents/{k}`: a convergent of φ = [1; 1, 1, 1, …].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Convergent))]
pub struct ConvergentBody {
    /// Its place, from 0: the continued fraction with k + 1 ones.
    pub k: u16,
    /// F(k+2), as text.
    pub numerator: String,
    /// F(k+1), as text.
    pub denominator: String,
    /// Whether it is above φ.
    pub above: bool,
}
