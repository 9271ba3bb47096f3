//! The structure of F(n) and L(n): divisors, algebraic factors, digits, known primes.

mod digit_statistics;
mod divisors;
mod factors;
mod primes;

pub use digit_statistics::{DigitStatistics, digital_root};
pub use divisors::divisors;
pub use factors::{AlgebraicFactor, algebraic_factors, aurifeuillian_factors};
pub use primes::{FIBONACCI_PRIME_INDEXES, LUCAS_PRIME_INDEXES, Primality, fibonacci_primality};
