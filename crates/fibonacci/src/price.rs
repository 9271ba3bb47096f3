//! Estimates of the time a function takes, to decide beforehand whether to call it.
//!
//! Times are those of a release build on one core of an AMD EPYC of the fourth generation, and within a factor of
//! two of what is measured there above 20 µs, unless they are upper bounds (`tests/prices.rs`). An estimate itself takes nanoseconds.

use std::time::Duration;

use dashu_int::ops::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};

use crate::LucasParameters;
use crate::sequences::value_bits;

/// Returns the time that [`modulo`](crate::modulo) takes.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use fibonacci::{IBig, UBig, price};
/// let index = IBig::from(10).pow(1000);
/// assert!(price::modulo(&index, &UBig::from(10_u8).pow(50)) < Duration::from_millis(2));
/// assert!(price::modulo(&index, &UBig::from(10_u8).pow(10_000)) > Duration::from_secs(1));
/// ```
pub fn modulo(n: &IBig, m: &UBig) -> Duration {
    doublings(n.bit_len(), m.bit_len())
}

/// Returns the time that [`last_digits`](crate::last_digits) takes for k digits.
pub fn last_digits(n: &IBig, k: u16) -> Duration {
    let bits = bits_of_digits(k);
    // The index is taken modulo the period, which has as many digits as the modulus and one more.
    doublings(n.bit_len().min(bits + 4), bits)
}

/// Returns the time that [`digit_count`](crate::digit_count) takes.
pub fn digit_count(n: &IBig) -> Duration {
    match n.bit_len() {
        ..=64 => nanos(CALL_NANOS),
        bits => nanos(logarithm_nanos(bits + 64)),
    }
}

/// Returns the time that [`first_digits`](crate::first_digits) and [`scientific`](crate::scientific) take for k
/// digits.
pub fn first_digits(n: &IBig, k: u16) -> Duration {
    let bits = bits_of_digits(k) + 64;
    // Values hardly longer than that are computed whole.
    if let Ok(n) = i32::try_from(n)
        && n.unsigned_abs() as usize <= (bits + 128).max(2_000)
    {
        return nanos(5.0 * CALL_NANOS + 2.5 * f64::from(n.unsigned_abs()));
    }
    nanos(logarithm_nanos(bits + n.bit_len()) + exponential_nanos(bits))
}

/// Returns the time that a [`lucas`](crate::lucas) number or another of [`lucas_u`](crate::lucas_u),
/// [`lucas_v`](crate::lucas_v) and [`seeded`](crate::seeded) takes, its decimal text included; `seed_bits` are those of
/// the larger seed.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use fibonacci::{LucasParameters, price};
/// let price = price::lucas_sequence(&LucasParameters::fibonacci(), &100_000.into(), 1);
/// assert!(price < Duration::from_millis(20));
/// ```
pub fn lucas_sequence(parameters: &LucasParameters, n: &IBig, seed_bits: u64) -> Duration {
    let bits = value_bits(parameters, &n.clone().unsigned_abs());
    bits.map_or(Duration::MAX, |bits| sequence_value(bits.saturating_add(seed_bits)))
}

/// Returns the time that a value of the given bits takes, its decimal text included.
fn sequence_value(bits: u64) -> Duration {
    nanos(CALL_NANOS + 30.0 * (bits as f64 / 64.0).max(1.0).powf(1.5))
}

/// Returns the time that [`lucas_u_modulo`](crate::lucas_u_modulo), [`lucas_v_modulo`](crate::lucas_v_modulo) and
/// [`seeded_modulo`](crate::seeded_modulo) take for a modulus of the given bits.
pub fn lucas_sequence_modulo(n: &IBig, modulus_bits: usize) -> Duration {
    let words = words(modulus_bits);
    let (short, full) = match modulus_bits {
        ..=64 => (70.0, 70.0),
        65..=128 => (150.0, 150.0),
        _ => (500.0 + 25.0 * words, 650.0 + 100.0 * words + (9.5 * words * words).min(110.0 * words.powf(1.5))),
    };
    nanos(CALL_NANOS + steps_nanos(n, modulus_bits, short, full))
}

/// Returns the time that [`kbonacci`](crate::kbonacci) takes, its decimal text included.
pub fn kbonacci(k: u32, n: &IBig) -> Duration {
    // T(n) has n bits, at most.
    let words = n.to_f64().value().abs() / 64.0;
    let products = f64::from(k) * f64::from(k + 1) / 2.0;
    let text = 25.0 * words + 5.0 * words.powf(1.5);
    nanos(CALL_NANOS + products * (5.3 * words.powf(1.5) + 45.0 * n.bit_len() as f64) + text)
}

/// Returns the time that [`kbonacci_modulo`](crate::kbonacci_modulo) takes for a modulus of the given bits.
pub fn kbonacci_modulo(k: u32, n: &IBig, modulus_bits: usize) -> Duration {
    let products = f64::from(k) * f64::from(k + 1) / 2.0;
    let words = words(modulus_bits);
    let (short, full) = match modulus_bits {
        ..=64 => (43.0, 43.0),
        65..=128 => (55.0, 55.0),
        _ => (170.0 + 5.0 * words, 220.0 + 20.0 * words + (2.3 * words * words).min(25.0 * words.powf(1.5))),
    };
    nanos(CALL_NANOS + products * steps_nanos(n, modulus_bits, short, full))
}

/// Returns the time that [`fibonacci_polynomial`](crate::fibonacci_polynomial) and
/// [`lucas_polynomial`](crate::lucas_polynomial) take, with the decimal texts of the coefficients.
pub fn polynomial(n: u32) -> Duration {
    let n = f64::from(n);
    nanos(CALL_NANOS + n * (75.0 + 0.65 * n))
}

/// Returns the time that [`zeckendorf`](crate::zeckendorf), [`dual`](crate::dual) and
/// [`from_indexes`](crate::from_indexes) take for a number of the given bits.
pub fn zeckendorf(bits: usize) -> Duration {
    let words = words(bits);
    nanos(CALL_NANOS + words * (3_500.0 + 900.0 * words.powf(0.3)))
}

/// Returns the time that [`residues`](crate::residues) take modulo a number of the given bits, their texts included.
pub fn residues(n: &IBig, modulus_bits: usize, count: u32) -> Duration {
    let each = 50.0 + text_nanos(modulus_bits);
    doublings(n.bit_len(), modulus_bits) * 2 + nanos(15_000.0 + f64::from(count) * each)
}

/// Returns the time that [`neighbors`](crate::neighbors), [`index_of_fibonacci`](crate::index_of_fibonacci) and
/// [`index_of_lucas`](crate::index_of_lucas) take together for a number of the given digits.
pub fn recognition(digits: u64) -> Duration {
    // The index is at most 4.785 times as large. Two or three neighbors, and one or two to compare with, where the residues agree.
    let index = i64::try_from(digits.saturating_mul(4_786) / 1_000 + 4).unwrap_or(i64::MAX);
    nanos(CALL_NANOS + 10.0 * digits as f64) + crate::estimate(index).work.saturating_mul(4)
}

/// Returns the time that [`even`](crate::even) takes for a number of the given bits.
pub fn even_representation(bits: usize) -> Duration {
    let words = words(bits);
    nanos(CALL_NANOS + words * (2_900.0 + 54.0 * words))
}

/// Returns an upper bound of the time that [`from_indexes`](crate::from_indexes) takes for indexes in any order, with the
/// text of the sum.
pub fn from_indexes(count: usize, highest: u32) -> Duration {
    let bits = highest as usize * 7 / 10;
    // Each of the terms of the last two levels may be as large as the highest.
    let large = count.min(64) as f64 * 12.0 * words(bits).powf(1.5);
    nanos(CALL_NANOS + 700.0 * count as f64 + large + text_nanos(bits) + 30.0 * words(bits).powf(1.5))
}

/// Returns the time that [`wythoff_pair`](crate::wythoff_pair) takes for an n of the given bits, its texts included.
pub fn wythoff_pair(bits: usize) -> Duration {
    nanos(CALL_NANOS + root_nanos(bits) + 2.0 * text_nanos(bits))
}

/// Returns the time that [`golden_characters`](crate::golden_characters) takes from a position of the given bits on.
pub fn golden_characters(bits: usize, count: u32) -> Duration {
    nanos(CALL_NANOS + f64::from(count.saturating_add(1)) * root_nanos(bits))
}

/// Returns an upper bound of the time that [`algebraic_factors`](crate::algebraic_factors) takes, with the texts.
pub fn algebraic_factors(n: u32) -> Duration {
    nanos(40_000.0 + 70.0 * f64::from(n))
}

/// Returns the time that [`fibonacci_primality`](crate::fibonacci_primality) and
/// [`lucas_primality`](crate::lucas_primality) take, at most.
pub fn primality() -> Duration {
    Duration::from_micros(100)
}

/// Returns the time that [`nth`](crate::nth()) and [`DigitStatistics`](crate::DigitStatistics) take together.
pub fn digit_statistics(n: i64) -> Duration {
    let estimate = crate::estimate(n);
    estimate.work + nanos(0.7 * estimate.digits as f64)
}

/// Returns the time that [`convergent`](crate::convergent) takes, its texts included.
pub fn convergent(k: u16) -> Duration {
    let bits = usize::from(k) * 7 / 10;
    nanos(CALL_NANOS + 5.0 * words(bits).powf(1.5) + 2.0 * text_nanos(bits))
}

/// Returns the time that [`ratio_digits`](crate::ratio_digits) takes.
pub fn ratio_digits(n: u64, places: u32) -> Duration {
    if crate::has_places_of_phi(n, places.into()) { phi_digits(places) } else { quotient(n, places) }
}

/// Returns the time that [`agreeing_places`](crate::agreeing_places) takes.
pub fn agreeing_places(n: u64) -> Duration {
    let places = u32::try_from(n / 100 * 42 + n % 100 + 30).unwrap_or(u32::MAX);
    quotient(n, places) + phi_digits(places)
}

/// The time of F(n+1)·10^places/F(n), with its text.
fn quotient(n: u64, places: u32) -> Duration {
    let words = (n as f64 * 0.694_3 + f64::from(places) * 3.322) / 64.0;
    // F(93) is the last that fits a word.
    let each = if n <= 93 { 12.0 } else { 30.0 };
    nanos(CALL_NANOS + each * words.max(1.0).powf(1.5))
}

/// Returns the time that [`phi_digits`](crate::phi_digits) takes.
pub fn phi_digits(places: u32) -> Duration {
    nanos(CALL_NANOS + 40.0 * (f64::from(places) * 3.322 / 64.0).max(1.0).powf(1.5))
}

/// Returns an upper bound of the time that [`factorize`](crate::factorize) takes, which most numbers are far below: it
/// is that of the product of two primes of the same size.
///
/// # Example
/// ```
/// use std::time::Duration;
/// assert!(fibonacci::price::factorize(10_u128.pow(30)) < Duration::from_millis(12));
/// assert!(fibonacci::price::factorize(u128::MAX) > Duration::from_millis(50));
/// ```
pub fn factorize(m: u128) -> Duration {
    let logarithm = (m.max(3) as f64).ln();
    match u64::try_from(m) {
        // Division by small primes, and the square root of the smallest factor in steps.
        Ok(_) => nanos(20_000.0 + 45.0 * (logarithm / 4.0).exp()),
        // The quadratic sieve, whose usual estimate has no factor of 0.9: the shares of its parts change with the size.
        Err(_) => nanos(2_700_000.0 + 1.7 * (0.9 * (logarithm * logarithm.ln()).sqrt()).exp()),
    }
}

/// Returns an upper bound of the time that [`period`](crate::period) takes, see [`factorize`].
///
/// # Example
/// ```
/// use std::time::Duration;
/// assert!(fibonacci::price::period(10_u128.pow(30)) < Duration::from_millis(20));
/// ```
pub fn period(m: u128) -> Duration {
    // Either m is near a prime p, and p ± 1 takes as long as m can, or both it and its factors take less.
    factorize(m) * 5 / 4 + nanos(500_000.0)
}

const CALL_NANOS: f64 = 300.0;

fn nanos(nanos: f64) -> Duration {
    Duration::try_from_secs_f64(nanos / 1e9).unwrap_or(Duration::MAX)
}

fn words(bits: usize) -> f64 {
    bits.div_ceil(64).max(1) as f64
}

fn bits_of_digits(digits: u16) -> usize {
    usize::from(digits) * 3_322 / 1_000 + 1
}

/// The decimal text of a number of the given bits.
fn text_nanos(bits: usize) -> f64 {
    match words(bits) {
        ..=1.0 => 50.0,
        words => 30.0 + 75.0 * words + (3.0 * words * words).min(20.0 * words.powf(1.5)),
    }
}

/// ⌊n·φ⌋ for an n of the given bits: a square root of twice the size.
fn root_nanos(bits: usize) -> f64 {
    let words = words(bits);
    40.0 + 70.0 * words + 8.0 * words.powf(1.5)
}

/// A step for each bit of n; the first ones are short, as long as values are below the modulus.
fn steps_nanos(n: &IBig, modulus_bits: usize, short: f64, full: f64) -> f64 {
    let steps = n.bit_len() as f64;
    let short_steps = steps.min((modulus_bits.max(1) as f64).log2());
    short_steps * short + (steps - short_steps) * full
}

/// Doublings of an index of the given bits, modulo a number of the given bits.
fn doublings(index_bits: usize, modulus_bits: usize) -> Duration {
    let words = words(modulus_bits);
    let step = match modulus_bits {
        0..=64 => 21.0,
        65..=128 => 70.0,
        // The schoolbook's product and division, then those that split the operands.
        _ => 220.0 + (7.0 * words * words).min(45.0 * words.powf(1.5)),
    };
    // As long as F(k) is below a large modulus, its size doubles with the index: these steps cost less than one.
    let short = if modulus_bits > 128 { (1.44 * modulus_bits as f64).log2().floor() } else { 0.0 };
    let full = index_bits as f64 - short;
    let steps = if full > 0.0 { (full - 0.6).max(0.4) } else { 0.05 + 0.1 * full.exp2() };
    nanos(CALL_NANOS + step * steps)
}

/// The constants to the given number of bits.
fn logarithm_nanos(bits: usize) -> f64 {
    10_000.0 + 400.0 * words(bits).powf(1.78)
}

/// The exponential function to the given number of bits.
fn exponential_nanos(bits: usize) -> f64 {
    8_000.0 + 300.0 * words(bits).powf(1.8)
}
