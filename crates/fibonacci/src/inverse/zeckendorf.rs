//! Representations of whole numbers as sums of Fibonacci numbers.
//!
//! Large numbers are split in halves. The terms from F(h+2) on of a number's representation are F(h+j) = F(j)·F(h+1) +
//! F(j−1)·F(h): with A the number that the same terms give with their indexes lowered by h, their sum is
//! F(h+1)·A + F(h)·⌊(A+1)/φ⌋. A is the largest number for which that is not above the whole.

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::golden::floor_times_phi;
use crate::instant::pair;

/// Returns the indexes of the Zeckendorf representation of N, the highest first: N is the sum of the F(n), no two of
/// them neighbors, all at least 2. It is the greedy one, and unique. None for 0.
///
/// # Size
/// Numbers of 10⁶ digits and beyond; 1.3 terms for each digit.
///
/// # Cost
/// See [`price::zeckendorf`](crate::price::zeckendorf).
///
/// # Source
/// E. Zeckendorf, "Représentation des nombres naturels par une somme de nombres de Fibonacci ou de nombres de Lucas",
/// 1972.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::zeckendorf(&100_u8.into()), [11, 6, 4]); // 89 + 8 + 3
/// ```
pub fn zeckendorf(number: &UBig) -> Vec<u32> {
    let mut indexes = Vec::new();
    if !number.is_zero() {
        let top = index_at_most(number);
        descend(number.clone(), top, 0, &mut indexes);
    }
    indexes
}

/// Returns the sum of F(n) over the indexes, in any order and with repetitions; that of [`zeckendorf`], [`dual`] and
/// [`even`] is the number represented.
///
/// # Cost
/// As [`zeckendorf`], for ordered indexes.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::from_indexes(&[11, 6, 4]), 100_u8.into());
/// ```
pub fn from_indexes(indexes: &[u32]) -> UBig {
    let base = indexes.iter().min().copied().unwrap_or(0);
    let (sum, before) = sums(indexes, base);
    // F(i + base) = F(i)·F(base + 1) + F(i−1)·F(base)
    let (at, after) = pair(base);
    sum * after + before * at
}

/// Returns the indexes of the dual Zeckendorf representation of N, the highest first: all are at least 2, and from the
/// highest one down no two neighbors are both missing. It is the lazy one with the most terms, and unique.
///
/// # Cost
/// As [`zeckendorf`].
///
/// # Source
/// J. L. Brown, "A new characterization of the Fibonacci numbers", Fibonacci Quarterly 3 (1965). F(2) + … + F(m) is
/// F(m+2) − 2, and what is missing of it is a Zeckendorf representation.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::dual(&100_u8.into()), [10, 8, 7, 5, 4, 3, 2]); // 55 + 21 + 13 + 5 + 3 + 2 + 1
/// ```
pub fn dual(number: &UBig) -> Vec<u32> {
    if number.is_zero() {
        return Vec::new();
    }
    // The least m with F(m+2) ≥ N + 2.
    let highest = index_at_most(&(number + UBig::ONE)) - 1;
    let all = pair(highest + 2).0 - UBig::from(2_u8);
    let mut missing = zeckendorf(&(all - number)).into_iter().peekable();
    (2..=highest).rev().filter(|index| missing.next_if_eq(index).is_none()).collect()
}

/// Returns the indexes of the representation of N by Fibonacci numbers with even indexes, each at most twice, and
/// between two that occur twice one that does not occur; the highest first, repeated where they occur twice.
///
/// # Size
/// Time grows with the square of the size: 10⁴ digits take some tens of milliseconds.
///
/// # Source
/// The greedy algorithm; the condition is that of A. Brousseau and V. E. Hoggatt for even indexes.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::even(&100_u8.into()), [10, 8, 8, 4]); // 55 + 21 + 21 + 3
/// ```
pub fn even(number: &UBig) -> Vec<u32> {
    let mut indexes = Vec::new();
    if number.is_zero() {
        return indexes;
    }
    let mut rest = number.clone();
    let mut index = index_at_most(number).max(2) & !1;
    let (mut value, mut after) = pair(index);
    while index >= 2 {
        while rest >= value {
            rest -= &value;
            indexes.push(index);
        }
        // F(i−1) = F(i+1) − F(i), twice.
        let before = &after - &value;
        value -= &before;
        after = before;
        index -= 2;
    }
    indexes
}

/// Numbers of fewer bits are represented term by term.
const SMALL_BITS: usize = 4_096;

/// Returns the largest n ≥ 2 with F(n) ≤ N, for N ≥ 1.
fn index_at_most(number: &UBig) -> u32 {
    // F(n) has less than 0.6943·n bits and more than 0.6942·n − 1.2.
    let mut index = (number.bit_len() as f64 / 0.694_242) as u32;
    let (mut current, mut next) = pair(index.max(2));
    index = index.max(2);
    while next <= *number {
        (current, next) = (next.clone(), current + next);
        index += 1;
    }
    while current > *number && index > 2 {
        (current, next) = (next - &current, current);
        index -= 1;
    }
    index
}

/// Appends the representation of `number` < F(top + 1), with `lowered` added to each index.
fn descend(number: UBig, top: u32, lowered: u32, indexes: &mut Vec<u32>) {
    if number.bit_len() <= SMALL_BITS {
        return term_by_term(number, lowered, indexes);
    }
    // The half that splits what this number has, rather than what it might have.
    let top = top.min((number.bit_len() as u64 * 1_441 / 1_000) as u32 + 4);
    let half = top / 2;
    let (at, after) = pair(half);
    let sum_of = |high: &UBig| {
        // ⌊(A+1)/φ⌋ = ⌊(A+1)·φ⌋ − (A+1)
        let next = high + UBig::ONE;
        high * &after + (floor_times_phi(&next) - &next) * &at
    };
    // The sum is A·φ^h but for less than F(h).
    let lucas = (&after << 1) - &at;
    let mut high = &number / lucas;
    let mut sum = sum_of(&high);
    while sum > number {
        high -= UBig::ONE;
        sum = sum_of(&high);
    }
    loop {
        let next = &high + UBig::ONE;
        let larger = sum_of(&next);
        if larger > number {
            break;
        }
        (high, sum) = (next, larger);
    }
    descend(high, top - half, lowered + half, indexes);
    descend(number - sum, half + 1, lowered, indexes);
}

fn term_by_term(number: UBig, lowered: u32, indexes: &mut Vec<u32>) {
    if number.is_zero() {
        return;
    }
    let mut rest = number;
    let mut index = index_at_most(&rest);
    let (mut value, mut after) = pair(index);
    while !rest.is_zero() {
        if rest >= value {
            rest -= &value;
            indexes.push(index + lowered);
        }
        (value, after) = (&after - &value, value);
        index -= 1;
    }
}

/// Σ F(i − base) and Σ F(i − base − 1) over the indexes.
fn sums(indexes: &[u32], base: u32) -> (UBig, UBig) {
    const TERMS: usize = 32;
    let (least, most) = match (indexes.iter().min(), indexes.iter().max()) {
        (Some(&least), Some(&most)) => (least, most),
        _ => return (UBig::ZERO, UBig::ZERO),
    };
    if indexes.len() <= TERMS || most - least < TERMS as u32 {
        let mut total = (UBig::ZERO, UBig::ZERO);
        for index in indexes {
            let distance = index - base;
            let (before, at) = match distance.checked_sub(1) {
                Some(previous) => pair(previous),
                // F(−1) = 1 and F(0) = 0
                None => (UBig::ONE, UBig::ZERO),
            };
            total.0 += at;
            total.1 += before;
        }
        return total;
    }
    // Split at the middle index: F(i + h) = F(h+1)·F(i) + F(h)·F(i−1).
    let middle = least.midpoint(most) + 1;
    let (high, low): (Vec<u32>, Vec<u32>) = indexes.iter().partition(|&&index| index >= middle);
    let (sum, before) = sums(&high, middle);
    let (low_sum, low_before) = sums(&low, base);
    let (previous, at) = pair(middle - base - 1);
    let after = &previous + &at;
    (low_sum + &sum * after + &before * &at, low_before + sum * &at + before * previous)
}
