//! Exact statements about F(n) for indexes far too large to compute it: residues and digits.
//!
//! All double the index with pairs (F(k−1), F(k)), from (1, 0) at k = 0:
//! F(2k−1) = F(k−1)² + F(k)² and F(2k) = F(k)·(F(k) + 2F(k−1)). Nothing is subtracted, so the results
//! grow with the operands: from lower bounds follow lower bounds and from upper bounds upper bounds.
//! The highest digits are found so, with operands cut to a few limbs, rounded down in one run and up
//! in another. What both runs agree on is proven; where they differ, more limbs are kept.

use std::num::NonZeroU64;

use crate::Decimal;
use crate::limbs::{LIMB, LIMB_DIGITS, columns};

/// Returns F(n) modulo m, in 0..m for negative F(n) too.
///
/// # Cost
/// About 4·log₂|n| divisions of 128 bits: a few microseconds for any n.
///
/// # Example
/// ```
/// # use std::num::NonZeroU64;
/// let ten = NonZeroU64::new(10).unwrap();
/// assert_eq!(fibonacci::modulo(300, ten), 0);
/// assert_eq!(fibonacci::modulo(-8, ten), 9); // F(−8) = −21
/// ```
pub fn modulo(n: i64, m: NonZeroU64) -> u64 {
    let residue = modulo_of_magnitude(n.unsigned_abs(), m);
    if is_negative(n) && residue > 0 { m.get() - residue } else { residue }
}

/// Returns how many decimal digits F(n) has, without a sign; 1 for F(0) = 0.
///
/// # Cost
/// Under a tenth of a millisecond for any n.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::digit_count(100_000_000), 20_898_764);
/// assert_eq!(fibonacci::digit_count(i64::MAX), 1_927_570_757_129_919_482);
/// ```
pub fn digit_count(n: i64) -> u64 {
    leading(n.unsigned_abs(), 1).0
}

/// Returns the k highest decimal digits of |F(n)|, or all if it has no more.
///
/// # Cost
/// Under a millisecond for any n and k.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::first_digits(1_000_000, 10), "1953282128");
/// assert_eq!(fibonacci::first_digits(-12, 10), "144");
/// ```
pub fn first_digits(n: i64, k: u8) -> String {
    leading(n.unsigned_abs(), k.into()).1
}

/// Returns the k lowest decimal digits of |F(n)|, zeros in front included, or all if it has no more.
///
/// # Cost
/// Under a millisecond for any n and k.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::last_digits(1_000_000, 10), "8242546875");
/// assert_eq!(fibonacci::last_digits(300, 4), "9600");
/// assert_eq!(fibonacci::last_digits(-12, 10), "144");
/// ```
pub fn last_digits(n: i64, k: u8) -> String {
    let length = usize::from(k).div_ceil(LIMB_DIGITS as usize);
    let mut pair = Pair::new(length);
    for bit in bits(n.unsigned_abs()) {
        pair = pair.doubled(length);
        if bit {
            pair.advance();
        }
    }
    let digits = digit_count(n).min(k.into()) as usize;
    let residue = decimal(pair.current).last(digits as u64);
    // `digits` is 0 for k = 0 only, and then so is the precision.
    format!("{residue:0>digits$.digits$}")
}

/// F(n) < 0, which is so for even n < 0.
pub(crate) fn is_negative(n: i64) -> bool {
    n < 0 && n % 2 == 0
}

/// F(n) modulo m.
pub(crate) fn modulo_of_magnitude(n: u64, m: NonZeroU64) -> u64 {
    let m = u128::from(m.get());
    let (mut previous, mut current) = (1 % m, 0);
    for bit in bits(n) {
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

/// The digit count and the highest `wanted` digits of F(n).
fn leading(n: u64, wanted: u64) -> (u64, String) {
    // 64 doublings lose 20 digits or so and the top limb may hold one digit only: this leaves ten
    // digits that would all have to be 0 or 9 for the runs to differ.
    let mut kept = (wanted as usize + 30) / LIMB_DIGITS as usize + 2;
    loop {
        let low = rounded(n, kept, Rounding::Down);
        let high = rounded(n, kept, Rounding::Up);
        let leading = |(dropped, limbs): (u64, Vec<u64>)| {
            let kept = decimal(limbs);
            (LIMB_DIGITS * dropped + kept.digits(), kept.first(wanted))
        };
        let (low, high) = (leading(low), leading(high));
        if low == high {
            return low;
        }
        // With all limbs kept both are exact, so this ends.
        kept *= 2;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Down,
    Up,
}

/// A bound of F(n): (d, limbs) stands for limbs·10¹⁸ᵈ, where about `kept` limbs are left.
fn rounded(n: u64, kept: usize, rounding: Rounding) -> (u64, Vec<u64>) {
    let mut pair = Pair::new(1);
    let mut dropped = 0;
    for bit in bits(n) {
        // Products need twice the limbs, and sums of them one more.
        pair = pair.doubled(2 * pair.current.len() + 1);
        dropped *= 2;
        if bit {
            pair.advance();
        }
        dropped += pair.round(kept, rounding) as u64;
    }
    (dropped, pair.current)
}

/// F(k−1) and F(k) in limbs of equal number, or bounds of them, or their lowest limbs.
struct Pair {
    previous: Vec<u64>,
    current: Vec<u64>,
}

impl Pair {
    /// F(−1) = 1 and F(0) = 0 in `length` limbs.
    fn new(length: usize) -> Self {
        let mut previous = vec![0; length];
        previous.iter_mut().take(1).for_each(|limb| *limb = 1);
        Pair { previous, current: vec![0; length] }
    }

    /// F(2k−1) and F(2k), their lowest `length` limbs.
    fn doubled(&self, length: usize) -> Self {
        let product = |x: &[u64], y: &[u64]| {
            let mut product = vec![0; length];
            columns(x, y, &mut product);
            product
        };
        let mut factor = self.current.clone();
        // F(k) + 2F(k−1) may need one limb more than the pair has.
        factor.push(0);
        add(&mut factor, &self.previous);
        add(&mut factor, &self.previous);
        let mut previous = product(&self.previous, &self.previous);
        add(&mut previous, &product(&self.current, &self.current));
        Pair { previous, current: product(&self.current, &factor) }
    }

    /// To F(k) and F(k+1), within the limbs there are.
    fn advance(&mut self) {
        add(&mut self.previous, &self.current);
        std::mem::swap(&mut self.previous, &mut self.current);
    }

    /// Cuts low limbs off until `kept` are left, not counting zeros on top; returns how many.
    fn round(&mut self, kept: usize, rounding: Rounding) -> usize {
        // F(k) ≥ F(k−1) from k = 1 on, so F(k) alone tells; before, nothing is cut.
        let zeros = self.current.iter().rev().take_while(|&&limb| limb == 0);
        let significant = self.current.len() - zeros.count().min(self.current.len() - 1);
        let cut = significant.saturating_sub(kept);
        for limbs in [&mut self.previous, &mut self.current] {
            limbs.truncate(significant);
            limbs.drain(..cut);
            if cut > 0 && rounding == Rounding::Up {
                limbs.push(0);
                add(limbs, &[1]);
            }
        }
        cut
    }
}

/// Adds y to x, modulo 10¹⁸ to the power of the limbs of x.
fn add(x: &mut [u64], y: &[u64]) {
    let mut carry = 0;
    let addends = y.iter().copied().chain(std::iter::repeat(0));
    for (limb, addend) in x.iter_mut().zip(addends) {
        let sum = *limb + addend + carry;
        carry = u64::from(sum >= LIMB);
        *limb = sum - carry * LIMB;
    }
}

fn decimal(mut limbs: Vec<u64>) -> Decimal {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    Decimal::new(false, limbs)
}

/// The bits of n from the highest one down.
fn bits(n: u64) -> impl Iterator<Item = bool> {
    (0..u64::BITS - n.leading_zeros()).rev().map(move |shift| (n >> shift) & 1 == 1)
}
