//! Facts about one number that need no calculation.

use serde::{Deserialize, Serialize};

use crate::PrimalityMethodBody;

/// The response to `GET /api/numbers/{n}`: facts about n and F(n) that take a few milliseconds at most.
///
/// Numbers that may exceed 2^53 are decimal text. Facts that are too expensive for this n are `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberFacts {
    /// The index n, as text.
    pub index: String,
    /// `F(1000)`
    pub subject: String,
    /// Whether a calculation of this index is accepted here.
    pub accepted: bool,
    /// The largest |n| that is accepted here.
    pub max_index: String,
    /// The estimated time to compute F(n) here; `null` if it is beyond the library.
    #[serde(default)]
    pub estimated_ms: Option<u64>,
    /// The estimated memory to compute F(n).
    #[serde(default)]
    pub estimated_memory_bytes: Option<u64>,
    /// Whether F(n) < 0, which holds for even n < 0.
    pub negative: bool,
    /// Whether F(n) is even, which holds if 3 divides n.
    pub even: bool,
    /// The exponent of 2 in F(n); `null` for F(0) = 0.
    #[serde(default)]
    pub valuation_of_2: Option<u64>,
    /// The exponent of 3 in F(n); `null` for F(0) = 0.
    #[serde(default)]
    pub valuation_of_3: Option<u64>,
    /// The exponent of 5 in F(n); `null` for F(0) = 0.
    #[serde(default)]
    pub valuation_of_5: Option<u64>,
    /// The count of decimal digits of F(n), without the sign.
    pub digits: String,
    /// The first digits of |F(n)|: as many as requested, 50 if nothing was; all if it has no more.
    pub first_digits: String,
    /// The last digits of |F(n)|, with leading zeros: as many as requested, 50 if nothing was; all if it has no more.
    pub last_digits: String,
    /// F(n) in scientific notation with up to 20 digits, followed by `…` if there are more: cut off, never rounded.
    #[serde(default)]
    pub scientific: String,
    /// The digital root of |F(n)|: the sum of its digits, taken again until one digit is left.
    #[serde(default)]
    pub digital_root: u8,
    /// Whether |F(n)| is known to be prime: `prime` (proven), `probable_prime` (passes tests), `composite`, `neither`
    /// (0 or 1) or `unknown`.
    #[serde(default)]
    pub primality: String,
    /// How that is known.
    #[serde(default)]
    pub primality_method: Option<PrimalityMethodBody>,
    /// The value in decimal, up to 5,000 digits.
    #[serde(default)]
    pub value: Option<String>,
    /// Residues of F(n), computed without computing F(n): modulo three primes, and the requested modulus if it is
    /// above 10^15.
    pub residues: Vec<Residue>,
    /// Small primes that divide F(n), ascending.
    #[serde(default)]
    pub prime_factors: Vec<PrimeFactor>,
    /// The quotient of |F(n)| and its prime factors above; `null` if it is large.
    #[serde(default)]
    pub cofactor: Option<String>,
    /// The indexes that fast doubling goes through from 1 to |n|; empty beyond 64 bits.
    #[serde(default)]
    pub doublings: Vec<Doubling>,
    /// The divisors of |n|, ascending; `null` if there are more than 256 or |n| is hard to factor.
    #[serde(default)]
    pub divisors: Option<Vec<String>>,
    /// The indexes k of the Fibonacci numbers F(k) that add up to |n|, no two of them neighbours, the largest first;
    /// empty beyond 64 bits.
    #[serde(default)]
    pub zeckendorf: Vec<u32>,
    /// The Pisano period π(m) of the requested modulus m up to 10^15, 10 if none was, and F(n) mod m.
    #[serde(default)]
    pub periods: Vec<Period>,
    /// The Fibonacci numbers next to |n| itself.
    #[serde(default)]
    pub nearest_fibonacci: Option<NearestFibonacci>,
    /// F(|n|+1)/F(|n|) with 30 decimal places, cut off; `null` for 0 and beyond 64 bits.
    #[serde(default)]
    pub ratio: Option<String>,
}

/// Where a number stands among the Fibonacci numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NearestFibonacci {
    /// The largest k with F(k) ≤ |n|; F(k + 1) is above it.
    pub below: i64,
    /// Whether F(k) = |n|.
    pub exact: bool,
}

/// A prime power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrimePower {
    /// The prime, as text.
    pub prime: String,
    /// The exponent.
    pub exponent: u32,
}

/// One residue of F(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Residue {
    /// The modulus, as text.
    pub modulus: String,
    /// F(n) modulo it, from 0 to modulus − 1, as text.
    pub residue: String,
}

/// One step of fast doubling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Doubling {
    /// The index k, as text.
    pub index: String,
    /// The count of decimal digits of F(k), as text.
    pub digits: String,
}

/// A prime that divides F(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrimeFactor {
    /// The prime, as text.
    pub prime: String,
    /// The highest power of it that divides F(n).
    pub exponent: u64,
    /// The least d > 0 for which it divides F(d); d divides n.
    pub rank: String,
}

/// The period of the Fibonacci numbers modulo m.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// The modulus m.
    pub modulus: u64,
    /// π(m): F(n) mod m repeats after as many n.
    pub period: u64,
    /// α(m): the least k > 0 for which m divides F(k).
    #[serde(default)]
    pub entry_point: u64,
    /// F(n) mod m.
    pub residue: u64,
    /// The prime factors of m, ascending.
    #[serde(default)]
    pub factors: Vec<PrimePower>,
}
