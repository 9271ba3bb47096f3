//! The structure of F(n) and L(n): divisors, algebraic factors, digits, known primes.

mod digit_statistics;
mod divisors;
mod factored;
mod factors;
mod primality;
mod primes;

pub use digit_statistics::{DigitStatistics, digital_root};
pub use divisors::divisors;
pub use factored::MAX_SEARCHED_PART;
pub use factors::{
    AlgebraicFactor, MAX_FACTOR_INDEX, algebraic_factors, aurifeuillian_factors, lucas_algebraic_factors,
};
pub use primality::{KnownPrimality, Primality, PrimalityMethod, PrimalitySource};
pub use primes::{
    FIBONACCI_PRIME_INDEXES, LUCAS_PRIME_INDEXES, PRIMES_TESTED_TO, fibonacci_primality, known_fibonacci_primality,
    known_lucas_primality, lucas_primality,
};
