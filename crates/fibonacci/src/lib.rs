//! Exact Fibonacci numbers of any size, computed directly in decimal.
//!
//! - [`nth`] computes F(n) for any signed n and gives a [`Decimal`], whose text is streamed in order;
//!   [`nth_with`] tells its progress and can be stopped; [`estimate`](estimate()) tells time and memory before.
//! - [`modulo`], [`digit_count`], [`first_digits`], [`last_digits`], [`scientific`] and the valuations give exact
//!   facts about F(n) without computing it, for indexes of any size ([`IBig`]).
//! - [`lucas`], [`lucas_u`], [`lucas_v`], [`seeded`] and [`kbonacci`] compute sequences of the same kind.
//!   [`Term`] and [`KbonacciTerm`] compute them in decimal and of any size, and tell their progress.
//! - [`period`] gives the Pisano period and the entry point of a modulus.
//! - [`index_of_fibonacci`], [`neighbors`], [`zeckendorf`] and others go from a number to its Fibonacci numbers.
//! - [`phi_digits`], [`ratio_digits`] and [`convergent`] are about the limit, of which [`GoldenRatio`] computes any number
//!   of places, [`algebraic_factors`], [`divisors`] and
//!   [`fibonacci_primality`] about the factors.
//! - [`Verifier`] checks a text that claims to be F(n).
//! - [`price`] estimates the time of what depends on sizes.
//! - [`TextResidue`] reads the residue of digits that were stored.
//!
//! Everything blocks the thread it is called on. There is no I/O and no clock, and unsafe code only where
//! vector instructions are called.

mod check;
mod control;
mod crew;
mod decimal;
mod error;
mod estimate;
mod goldilocks;
mod instant;
mod inverse;
mod kernel;
mod limbs;
mod limit;
mod moduli;
mod nth;
pub mod price;
mod residue;
mod sequences;
mod short;
mod structure;
mod vector;
mod verify;

pub use control::Control;
pub use dashu_int::{IBig, UBig};
pub use decimal::{Chunks, Decimal};
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use goldilocks::MAX_INDEX;
pub use instant::{
    Scientific, digit_count, first_digits, is_even, last_digits, modulo, residues, scientific, valuation_of_2,
    valuation_of_3, valuation_of_5,
};
pub use inverse::{
    IndexOfError, Nearest, Neighbors, NumberError, WythoffPair, dual, even, from_indexes, golden_characters,
    golden_string, index_of_fibonacci, index_of_lucas, neighbors, wythoff_pair, zeckendorf,
};
pub use kernel::Kernel;
pub use limit::{
    Convergent, GoldenRatio, MAX_PHI_DIGITS, agreeing_places, convergent, has_places_of_phi, phi_digits, ratio_digits,
};
pub use moduli::{MAX_FACTORED, ResiduePeriod, factorize, is_prime, period, period_with};
pub use nth::{nth, nth_with};
pub use residue::TextResidue;
pub use sequences::{
    KbonacciTerm, LucasParameters, MAX_ORDER, MAX_POLYNOMIAL, MAX_VALUE_BITS, SequenceError, Term,
    fibonacci_polynomial, kbonacci, kbonacci_modulo, lucas, lucas_modulo, lucas_polynomial, lucas_u, lucas_u_modulo,
    lucas_v, lucas_v_modulo, seeded, seeded_modulo,
};
pub use structure::{
    AlgebraicFactor, DigitStatistics, FIBONACCI_PRIME_INDEXES, KnownPrimality, LUCAS_PRIME_INDEXES, MAX_FACTOR_INDEX,
    MAX_SEARCHED_PART, PRIMES_TESTED_TO, Primality, PrimalityMethod, PrimalitySource, algebraic_factors,
    aurifeuillian_factors, digital_root, divisors, fibonacci_primality, known_fibonacci_primality,
    known_lucas_primality, lucas_algebraic_factors, lucas_primality,
};
pub use verify::{Compared, Verification, Verifier, residue_primes};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
