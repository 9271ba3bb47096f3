//! Numbers of sequences, and polynomials.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/sequences/{sequence}/{n}`: a number of a sequence, or its residue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SequenceTerm {
    /// `L(100)`, `U(3,-1,10)`, `V(2,-1,10)`, `G(3,4,5)` or `T(3,50)`.
    pub subject: String,
    /// The index n, as text.
    pub index: String,
    /// The value in decimal; `null` if a residue was requested.
    pub value: Option<String>,
    /// The modulus, as text; `null` if none was given.
    pub modulus: Option<String>,
    /// The residue, from 0 to modulus − 1, as text; `null` without a modulus.
    pub residue: Option<String>,
}

/// The response to `GET /api/polynomials/{family}/{n}`: the coefficients of a polynomial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Polynomial {
    /// `F(5,x)` or `L(5,x)`.
    pub subject: String,
    /// The index n, as text.
    pub index: String,
    /// The coefficients as text, that of x⁰ first; none for F(0, x) = 0.
    pub coefficients: Vec<String>,
}
