//! The verification of a text that claims to be F(n).

use serde::{Deserialize, Serialize};

/// The response to `POST /api/verify`: whether a text is F(n), and what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Verification))]
pub struct VerificationBody {
    /// The index n, as text.
    pub index: String,
    /// `F(1000)`
    pub subject: String,
    /// Whether everything agrees. A wrong text agrees modulo three primes with a chance below 10^-27.
    pub right: bool,
    /// The position of the first byte that does not belong to a number, from 1.
    pub malformed_at: Option<u64>,
    /// The position of the first byte that differs from the stored value, from 1; `null` if nothing differs or no
    /// value is stored.
    pub first_difference_at: Option<u64>,
    /// Whether it is negative.
    pub negative: ComparedFlag,
    /// The number of digits.
    pub digits: ComparedText,
    /// The first 50 digits.
    pub first_digits: ComparedText,
    /// The last 50 digits.
    pub last_digits: ComparedText,
    /// Residues modulo random 61-bit primes.
    pub residues: Vec<ResidueCheck>,
}

/// A flag as F(n) has it and as the text has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedFlag {
    /// The value in F(n).
    pub expected: bool,
    /// The value in the text.
    pub found: bool,
}

/// A fact as F(n) has it and as the text has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedText {
    /// The value in F(n).
    pub expected: String,
    /// The value in the text.
    pub found: String,
}

/// The residues of F(n) and of the text modulo one prime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResidueCheck {
    /// The prime, as text.
    pub prime: String,
    /// F(n) modulo it, computed without computing F(n).
    pub expected: String,
    /// The residue of the text; `null` if it is not a number.
    pub found: Option<String>,
}
