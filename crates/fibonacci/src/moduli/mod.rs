//! The Fibonacci numbers modulo m: after which index they repeat, and where the first multiple of m stands.

mod factorization;
mod period;

pub use factorization::{MAX_FACTORED, factorize, is_prime};
pub use period::{ResiduePeriod, period, period_with};
