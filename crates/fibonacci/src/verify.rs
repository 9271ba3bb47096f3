//! Verification of a text that claims to be F(n), by a path that shares nothing with the kernel.
//!
//! The residues expected are coefficients of xⁿ modulo x² − x − 1 and a prime, multiplied from the lowest bit of n up;
//! those found are read off the text. A wrong text passes a random 61-bit prime with chance 2⁻³⁰ at most for n up to
//! 10⁹ (it would have to divide the difference), and three of them with 2⁻⁹⁰.

use std::num::NonZeroU64;

use dashu_int::IBig;
use dashu_int::ops::{BitTest, UnsignedAbs};

use crate::{TextResidue, UBig, digit_count, first_digits, last_digits};

/// Digits compared at either end.
const END: u16 = 50;

/// The check of a text, pushed in as many pieces as one likes.
///
/// # Cost
/// A nanosecond for each digit and prime, and what [`price::first_digits`](crate::price::first_digits) says.
///
/// # Example
/// ```
/// use fibonacci::{Verifier, residue_primes};
/// let mut verifier = Verifier::new(12, &residue_primes(7, 3));
/// verifier.push(b"1");
/// verifier.push(b"44");
/// assert!(verifier.finish().is_right());
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    index: IBig,
    residues: Vec<(NonZeroU64, TextResidue)>,
    first: Vec<u8>,
    /// The last digits, at most twice as many as are compared.
    last: Vec<u8>,
    digits: u64,
    bytes: u64,
    negative: bool,
    /// Where the first byte stands that is neither a digit nor a sign in front, from 1.
    malformed_at: Option<u64>,
    allows_newline: bool,
    /// A newline that is allowed if nothing follows it.
    has_newline: bool,
}

/// The result of a check, with the properties of F(n).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whether the text is negative.
    pub negative: Compared<bool>,
    /// The number of digits.
    pub digits: Compared<UBig>,
    /// The first digits, up to 50.
    pub first: Compared<String>,
    /// The last digits, up to 50.
    pub last: Compared<String>,
    /// The residues, one for each prime; `found` is `None` if the text is not a number.
    pub residues: Vec<(NonZeroU64, Compared<Option<u64>>)>,
    /// The position of the first byte that does not belong into a number, from 1.
    pub malformed_at: Option<u64>,
}

/// A fact as it is expected of F(n) and as it is found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared<T> {
    /// The value in F(n).
    pub expected: T,
    /// The value in the text.
    pub found: T,
}

impl<T: PartialEq> Compared<T> {
    /// Returns whether both are the same.
    pub fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

impl Verification {
    /// Returns whether everything agrees.
    pub fn is_right(&self) -> bool {
        self.malformed_at.is_none()
            && self.negative.agrees()
            && self.digits.agrees()
            && self.first.agrees()
            && self.last.agrees()
            && self.residues.iter().all(|(_, residue)| residue.agrees())
    }
}

impl Verifier {
    /// Begins a check for F(n), with residues modulo the primes.
    pub fn new(n: impl Into<IBig>, primes: &[NonZeroU64]) -> Self {
        Verifier {
            index: n.into(),
            residues: primes.iter().map(|&prime| (prime, TextResidue::new(prime))).collect(),
            first: Vec::new(),
            last: Vec::new(),
            digits: 0,
            bytes: 0,
            negative: false,
            malformed_at: None,
            allows_newline: false,
            has_newline: false,
        }
    }

    /// Allows one newline at the end, as files have it.
    #[must_use]
    pub fn allow_newline(mut self) -> Self {
        self.allows_newline = true;
        self
    }

    /// Takes the next piece of the text.
    pub fn push(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.has_newline) {
            self.push_number(b"\n");
        }
        match text.strip_suffix(b"\n").filter(|_| self.allows_newline) {
            Some(text) => {
                self.push_number(text);
                self.has_newline = true;
            }
            None => self.push_number(text),
        }
    }

    fn push_number(&mut self, text: &[u8]) {
        for (_, residue) in &mut self.residues {
            residue.push(text);
        }
        let mut digits = text;
        if self.bytes == 0
            && let Some(rest) = text.strip_prefix(b"-")
        {
            self.negative = true;
            digits = rest;
        }
        if self.malformed_at.is_none()
            && let Some(place) = digits.iter().position(|byte| !byte.is_ascii_digit())
        {
            self.malformed_at = Some(self.bytes + (text.len() - digits.len() + place) as u64 + 1);
        }
        self.bytes += text.len() as u64;
        self.digits += digits.len() as u64;
        let end = usize::from(END);
        self.first.extend(&digits[..digits.len().min(end - self.first.len().min(end))]);
        self.last.extend(&digits[digits.len().saturating_sub(end)..]);
        self.last.drain(..self.last.len().saturating_sub(end));
    }

    /// Returns what the text has and what F(n) has.
    pub fn finish(self) -> Verification {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let negative = self.index.sign() == dashu_int::Sign::Negative && !self.index.bit(0);
        let residues = self.residues.into_iter().map(|(prime, found)| {
            let expected = expected_residue(&self.index, prime);
            (prime, Compared { expected: Some(expected), found: found.finish() })
        });
        Verification {
            residues: residues.collect(),
            negative: Compared { expected: negative, found: self.negative },
            digits: Compared { expected: digit_count(self.index.clone()), found: self.digits.into() },
            first: Compared { expected: first_digits(self.index.clone(), END), found: text(self.first) },
            last: Compared { expected: last_digits(self.index, END), found: text(self.last) },
            malformed_at: self.malformed_at,
        }
    }
}

/// Returns `count` different primes between 2⁶⁰ and 2⁶¹, chosen by a seed. A random seed makes them unpredictable.
///
/// # Example
/// ```
/// let primes = fibonacci::residue_primes(7, 3);
/// assert!(primes.iter().all(|prime| fibonacci::is_prime(prime.get().into()) && prime.get().ilog2() == 60));
/// ```
pub fn residue_primes(seed: u64, count: usize) -> Vec<NonZeroU64> {
    let mut state = seed;
    let mut primes: Vec<NonZeroU64> = Vec::new();
    while primes.len() < count {
        let candidate = (1 << 60) | (split_mix(&mut state) >> 4) | 1;
        if let Some(prime) = NonZeroU64::new(candidate)
            && !primes.contains(&prime)
            && crate::is_prime(candidate.into())
        {
            primes.push(prime);
        }
    }
    primes
}

/// The generator `SplitMix64` (G. Steele, D. Lea, C. Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// F(n) modulo p, as the coefficient of x in xⁿ; 1/x = x − 1 for negative n.
fn expected_residue(n: &IBig, prime: NonZeroU64) -> u64 {
    let p = u128::from(prime.get());
    // (a + b·x)(c + d·x) = ac + bd + (ad + bc + bd)·x
    let product = |(a, b): (u128, u128), (c, d): (u128, u128)| {
        let (ac, bd) = (a * c % p, b * d % p);
        ((ac + bd) % p, (a * d % p + b * c % p + bd) % p)
    };
    let negative = n.sign() == dashu_int::Sign::Negative;
    let mut power = if negative { (p - 1, 1 % p) } else { (0, 1 % p) };
    let mut result = (1 % p, 0);
    let magnitude = n.clone().unsigned_abs();
    for place in 0..magnitude.bit_len() {
        if magnitude.bit(place) {
            result = product(result, power);
        }
        power = product(power, power);
    }
    result.1 as u64
}
