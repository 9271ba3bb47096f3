//! The Fibonacci numbers modulo m: after which index they repeat, and where the first multiple of m stands.

mod dependencies;
mod factorization;
mod period;
mod primes;
mod quadratic_sieve;
mod rho;

pub use factorization::{MAX_FACTORED, factorize};
pub use period::{ResiduePeriod, period, period_with};
pub use primes::is_prime;
