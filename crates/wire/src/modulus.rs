//! The Fibonacci numbers modulo m.

use serde::{Deserialize, Serialize};

use crate::PrimePower;

/// The response to `GET /api/moduli/{m}`: after how many indexes the Fibonacci numbers modulo m repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModulusPeriod {
    /// The modulus m, as text.
    pub modulus: String,
    /// π(m), the least k > 0 with F(k) ≡ 0 and F(k+1) ≡ 1 modulo m, as text.
    pub pisano_period: String,
    /// α(m), the least k > 0 for which m divides F(k), as text.
    pub entry_point: String,
    /// π(m)/α(m): 1, 2 or 4.
    pub zeros: u8,
    /// The prime factors of m, ascending. Those above 3.3·10^24 pass the Baillie–PSW test.
    pub factors: Vec<PrimePower>,
}

/// The response to `GET /api/moduli/{m}/residues`: Fibonacci numbers modulo m, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResidueSequence {
    /// The modulus m, as text.
    pub modulus: String,
    /// The index of the first residue, as text.
    pub from: String,
    /// F(from), F(from + 1), … modulo m, as text.
    pub residues: Vec<String>,
}
