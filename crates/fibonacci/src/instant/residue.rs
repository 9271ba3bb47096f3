//! F(n) modulo m, by doubling the index with residues.
//!
//! Small moduli use pairs (F(k−1), F(k)) in 128 bits: F(2k−1) = F(k−1)² + F(k)² and
//! F(2k) = F(k)·(F(k) + 2F(k−1)). Large ones use (F(k), F(k+1)), which take two squarings: with a = F(k), b = F(k+1)
//! and s = (−1)ᵏ, F(2k) = 2b² − 3a² − 2s, F(2k+1) = a² + b² and F(2k+2) = 3b² − 2a² − 2s.

use std::num::NonZeroU64;

use dashu_int::fast_div::ConstDivisor;
use dashu_int::{IBig, UBig};

use super::{bits, split};

/// Returns F(n) modulo m, in 0..m for negative F(n) too; `None` if m = 0.
///
/// # Size
/// Any n and m. Indexes are [`IBig`], which 64-bit integers convert into; text is parsed with `str::parse`.
///
/// # Cost
/// log₂|n| steps of two squarings modulo m: 1 µs for 64-bit n and m, 0.2 ms for n = 10^1000 and 64-bit m, and see
/// [`price::modulo`](crate::price::modulo) for large ones.
///
/// # Example
/// ```
/// use fibonacci::{IBig, UBig, modulo};
/// assert_eq!(modulo(300, &UBig::from(10_u8)), Some(UBig::ZERO));
/// assert_eq!(modulo(-8, &UBig::from(10_u8)), Some(UBig::from(9_u8))); // F(−8) = −21
/// let googol = IBig::from(10).pow(100);
/// assert_eq!(modulo(googol, &UBig::from(1_000_000_007_u32)), Some(UBig::from(175_077_019_u32)));
/// ```
pub fn modulo(n: impl Into<IBig>, m: &UBig) -> Option<UBig> {
    if m.is_zero() {
        return None;
    }
    let (negative, magnitude) = split(n);
    let residue = residue_of(&magnitude, m);
    Some(if negative && !residue.is_zero() { m - residue } else { residue })
}

/// Returns F(n), F(n+1), … modulo m, as many as `count` says; `None` if m = 0.
///
/// # Cost
/// Two residues and an addition for each further one, see [`price::residues`](crate::price::residues).
///
/// # Example
/// ```
/// let residues = fibonacci::residues(-1, &7_u8.into(), 5).unwrap();
/// assert_eq!(residues, [1_u8, 0, 1, 1, 2].map(Into::into));
/// ```
pub fn residues(n: impl Into<IBig>, m: &UBig, count: u32) -> Option<Vec<UBig>> {
    let n = n.into();
    let mut current = modulo(n.clone(), m)?;
    let mut next = modulo(n + IBig::ONE, m)?;
    let mut residues = Vec::new();
    for _ in 0..count {
        let sum = &current + &next;
        let after = if sum >= *m { sum - m } else { sum };
        residues.push(std::mem::replace(&mut current, std::mem::replace(&mut next, after)));
    }
    Some(residues)
}

/// Returns F(n) modulo m for m > 0.
pub(crate) fn residue_of(n: &UBig, m: &UBig) -> UBig {
    match u64::try_from(m).ok().and_then(NonZeroU64::new) {
        Some(m) => word_residue(bits(n), m).into(),
        None => large_residue(n, m),
    }
}

/// Returns F(n) modulo m for a 64-bit n.
pub(crate) fn modulo_of_magnitude(n: u64, m: NonZeroU64) -> u64 {
    let length = u64::BITS - n.leading_zeros();
    word_residue((0..length).rev().map(|place| (n >> place) & 1 == 1), m)
}

fn word_residue(bits: impl Iterator<Item = bool>, m: NonZeroU64) -> u64 {
    let m = u128::from(m.get());
    let (mut previous, mut current) = (1 % m, 0);
    for bit in bits {
        // Residues are below 2⁶⁴, so a product and two more residues fit 128 bits.
        let product = current * ((current + 2 * previous) % m) % m;
        previous = (previous * previous % m + current * current % m) % m;
        current = product;
        if bit {
            (previous, current) = (current, (previous + current) % m);
        }
    }
    current as u64
}

fn large_residue(n: &UBig, m: &UBig) -> UBig {
    let ring = ConstDivisor::new(m.clone());
    let two = ring.reduce(2_u8);
    let (mut current, mut next) = (ring.reduce(0_u8), ring.reduce(1_u8));
    let mut odd = false;
    for bit in bits(n) {
        let (a2, b2) = (current.sqr(), next.sqr());
        let sum = &a2 + &b2;
        let double = (&b2 - &a2).dbl();
        // 2b² − 2a² − 2s lies between both other values.
        let middle = if odd { double + &two } else { double - &two };
        (current, next) = if bit { (sum, middle + b2) } else { (middle - a2, sum) };
        odd = bit;
    }
    current.residue()
}
