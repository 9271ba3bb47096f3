//! Estimates of the time a function takes, to decide beforehand whether to call it.
//!
//! Times are those of a release build on one core of an AMD EPYC of the fourth generation, and within a factor of
//! two of what is measured there above 20 µs (`tests/prices.rs`). An estimate itself takes nanoseconds.

use std::time::Duration;

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};

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
        && n.unsigned_abs() as usize <= bits + 64
    {
        return nanos(5.0 * CALL_NANOS + 2.5 * f64::from(n.unsigned_abs()));
    }
    nanos(logarithm_nanos(bits + n.bit_len()) + exponential_nanos(bits))
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

/// Doublings of an index of so many bits, modulo a number of so many bits.
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

/// The constants to so many bits.
fn logarithm_nanos(bits: usize) -> f64 {
    10_000.0 + 400.0 * words(bits).powf(1.78)
}

/// The exponential function to so many bits.
fn exponential_nanos(bits: usize) -> f64 {
    8_000.0 + 300.0 * words(bits).powf(1.8)
}
