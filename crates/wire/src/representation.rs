//! From a number to Fibonacci numbers.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/recognition/{number}`: which Fibonacci and Lucas number it is, and the nearest ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FibonacciIndex {
    /// The n for which F(n) is the number, as text; 1 for 1; `null` if it is no Fibonacci number.
    pub index: Option<String>,
    /// The n for which L(n) is the number, as text; `null` if it is no Lucas number.
    pub lucas_index: Option<String>,
    /// The largest n with F(n) ≤ number, as text.
    pub below: String,
    /// The index after it.
    pub above: String,
    /// The index of the nearest Fibonacci number, or of both nearest ones.
    pub nearest: Vec<String>,
}

/// The response to `GET /api/representations/{number}`: the indexes of Fibonacci numbers that add up to a number, the
/// highest first. Has the member of the requested form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Representation {
    /// The number, as text.
    pub number: String,
    /// No two are neighbors: the greedy representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zeckendorf: Option<Vec<u32>>,
    /// No two neighbors are missing below the highest: the lazy representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dual: Option<Vec<u32>>,
    /// Even indexes, each at most twice, with a missing one between two that occur twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub even: Option<Vec<u32>>,
}

/// The response to `GET /api/representations`: the sum of Fibonacci numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IndexSum {
    /// The indexes.
    pub indexes: Vec<u32>,
    /// The sum, as text.
    pub number: String,
}

/// The response to `GET /api/wythoff/{n}`: the n-th Wythoff pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WythoffPair))]
pub struct WythoffBody {
    /// The n, as text.
    pub index: String,
    /// ⌊n·φ⌋, as text.
    pub lower: String,
    /// ⌊n·φ²⌋, n more, as text.
    pub upper: String,
}

/// The response to `GET /api/golden-string/{n}`: characters of 0100101001001….
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GoldenCharacters {
    /// The position of the first one, from 0, as text.
    pub index: String,
    /// The characters, `0` and `1`.
    pub characters: String,
}
