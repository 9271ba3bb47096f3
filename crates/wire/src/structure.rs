//! Factors, divisors, primality and digits of Fibonacci and Lucas numbers.

use serde::{Deserialize, Serialize};

use crate::PrimePower;

/// The response to `GET /api/factors/{family}/{n}`: factors that need no factorization of the value. Their product is
/// the value without its sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Factorization {
    /// `F(12)` or `L(12)`
    pub subject: String,
    /// The index n, as text.
    pub index: String,
    /// A factor for each divisor d of n, or for L(n) for each divisor d of 2n that does not divide n.
    pub parts: Vec<FactorPart>,
    /// The two Aurifeuillian factors of L(5k)/L(k), the smaller first; for L(n) with odd n = 5k only.
    pub aurifeuillian: Option<Vec<String>>,
}

/// The primitive part of F(d).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactorPart {
    /// d
    pub divisor: u32,
    /// The part of F(d) that divides no F(k) with k < d, except for a factor of d; as text.
    pub value: String,
    /// Its prime factors, ascending. Above 10^15 they are not searched for, but known for d up to 300 and for primes of the
    /// tables; `null` if they are not known.
    pub factors: Option<Vec<PrimePower>>,
}

/// The response to `GET /api/divisors/{n}`: the divisors d of n, for which F(d) divides F(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DivisorList {
    /// The index n, as text.
    pub index: String,
    /// The divisors of n, ascending, as text.
    pub divisors: Vec<String>,
}

/// The response to `GET /api/primality/{family}/{n}`: what is known of whether a number is prime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Primality))]
pub struct PrimalityBody {
    /// `F(11)` or `L(11)`
    pub subject: String,
    /// The index n, as text.
    pub index: String,
    /// `prime` (proven), `probable_prime` (passes tests), `composite`, `neither` (0 or 1) or `unknown`.
    pub primality: String,
    /// Why, in a sentence.
    pub reason: String,
    /// How it is known.
    pub method: PrimalityMethodBody,
}

/// How it is known whether a number is prime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PrimalityMethod))]
pub struct PrimalityMethodBody {
    /// Proofs: `deterministic_test` (below 2^64), `elliptic_curves`, `cyclotomy`, `published_proof` (by a method that only
    /// the source has). Tests: `probable_prime_test` and `compositeness_test`. `divisor`: the index has a divisor so
    /// that a smaller number divides the value. `zero_or_one`; `none` if nothing is known.
    pub name: String,
    /// Who proved or tested it; `null` if the index alone decides, or nothing is known.
    pub source: Option<String>,
    /// What repeats the proof or test in PARI/GP, and prints 1 for a prime, 0 for a composite number; `null` if there is no
    /// such command, or it takes hours.
    pub pari_gp: Option<String>,
}

/// The response to `GET /api/primes/{family}`: the known indexes of prime numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownPrimes {
    /// `fibonacci` or `lucas`
    pub family: String,
    /// Every index up to this one was tested.
    pub tested_to: u32,
    /// The indexes, ascending.
    pub primes: Vec<KnownPrime>,
    /// Where they are from.
    pub source: String,
}

/// The index of a known prime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownPrime {
    /// The index.
    pub index: u32,
    /// Whether there is a proof; else it passes tests.
    pub proven: bool,
    /// How it is known.
    pub method: PrimalityMethodBody,
}

/// The response to `GET /api/digits/{n}`: how often each digit occurs in F(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigitCounts {
    /// `F(100)`
    pub subject: String,
    /// The index n, as text.
    pub index: String,
    /// The number of digits, without the sign.
    pub digits: u64,
    /// The numbers of times that 0, 1, … 9 occur.
    pub counts: Vec<u64>,
    /// The sum of the digits.
    pub sum: u64,
    /// The sum of the digits, taken again until one digit is left.
    pub digital_root: u8,
}
