//! Short values: doubled on the stack, by columns, with one reservation for the limbs.
//!
//! From a = F(k), b = F(k+1) and s = (−1)ᵏ follow F(2k) = 2b² − 3a² − 2s, F(2k+1) = a² + b² and
//! F(2k+2) = 3b² − 2a² − 2s, by Cassini's identity b² − ab − a² = s. So a doubling takes two squares, of
//! which half of the products are equal.

use crate::limbs::{LIMB, digits_at_most, limbs_for};

/// The limbs of F(0) to F(518): all that have at most six.
static FIRST: [[u64; 6]; 519] = {
    let mut table = [[0; 6]; 519];
    table[1][0] = 1;
    let mut index = 2;
    while index < table.len() {
        let (mut limb, mut carry) = (0, 0);
        while limb < 6 {
            let sum = table[index - 1][limb] + table[index - 2][limb] + carry;
            (table[index][limb], carry) = (sum % LIMB, sum / LIMB);
            limb += 1;
        }
        assert!(carry == 0);
        index += 1;
    }
    table
};

/// The limbs of each of these without zeros at the top.
static FIRST_LENGTHS: [u8; FIRST.len()] = {
    let mut lengths = [0; FIRST.len()];
    let mut index = 0;
    while index < FIRST.len() {
        let mut length = 6;
        while length > 0 && FIRST[index][length - 1] == 0 {
            length -= 1;
        }
        lengths[index] = length as u8;
        index += 1;
    }
    lengths
};

/// Doubling starts from F(k) and F(k+1) for the largest k ≤ this that leads to n.
const LAST_PAIR: u64 = FIRST.len() as u64 - 2;

/// The longest operand of a doubling, in limbs.
pub(crate) const MAX_OPERAND: usize = 66;
/// A number twice as long.
const MAX_LIMBS: usize = 2 * MAX_OPERAND;
/// Room for n up to 1 300 or so.
const FEW: usize = 8;

/// Whether F(n) is computed here.
pub(crate) const fn is_short(n: u64) -> bool {
    n <= LAST
}

/// The last n whose operands, F(n/2) and its neighbors, fit.
const LAST: u64 = {
    let mut half = LAST_PAIR;
    while limbs_of(half + 1) <= MAX_OPERAND {
        half += 1;
    }
    2 * half + 1
};

/// Returns the limbs of F(n), without zeros at the top, where the table has them.
#[inline]
pub(crate) fn known(n: u64) -> Option<&'static [u64]> {
    let limbs = FIRST.get(n as usize)?;
    Some(&limbs[..usize::from(FIRST_LENGTHS[n as usize])])
}

/// The same for a longer n that is short.
pub(crate) fn doubled(n: u64) -> Vec<u64> {
    // Filling the rooms with zeros takes as long as some doublings.
    if limbs_of(n / 2) <= FEW { doubled_in::<FEW>(n) } else { doubled_in::<MAX_OPERAND>(n) }
}

fn doubled_in<const ROOM: usize>(n: u64) -> Vec<u64> {
    let mut pair = DoublingPair::<ROOM>::before(n);
    pair.double_until(n / 2, n);
    pair.doubled_once(n)
}

/// Returns the limbs of F(k) and F(k+1), without zeros at the top, for a short k.
pub(crate) fn pair(k: u64) -> (Vec<u64>, Vec<u64>) {
    let mut pair = DoublingPair::<MAX_LIMBS>::before(k);
    pair.double_until(k, k);
    let ([a, b], _) = pair.numbers();
    (a[..significant(a)].to_vec(), b[..significant(b)].to_vec())
}

/// The bytes that F(n) reserves.
pub(crate) fn memory_bytes(n: u64) -> u64 {
    8 * limbs_for(digits_at_most(n))
}

/// The estimated time of F(n), in nanoseconds.
pub(crate) fn work(n: u64) -> u64 {
    let limbs = limbs_for(digits_at_most(n));
    if n < FIRST.len() as u64 {
        15 + 12 * limbs
    } else if limbs_of(n / 2) <= FEW {
        32 * limbs
    } else {
        45 * limbs + 3 * limbs * limbs / 10 - 60
    }
}

/// F(k) and F(k+1), and room for the two after the next doubling.
struct DoublingPair<const ROOM: usize> {
    k: u64,
    /// Limbs that both numbers take; the higher ones mean nothing.
    length: usize,
    rooms: [[[u64; ROOM]; 2]; 2],
    /// Which of the rooms has the numbers.
    current: usize,
}

impl<const ROOM: usize> DoublingPair<ROOM> {
    /// The pair that doubling on the way to n starts from.
    fn before(n: u64) -> Self {
        let mut k = n;
        while k > LAST_PAIR {
            k /= 2;
        }
        let mut rooms = [[[0; ROOM]; 2]; 2];
        let (a, b) = (&FIRST[k as usize], &FIRST[k as usize + 1]);
        rooms[0][0][..a.len()].copy_from_slice(a);
        rooms[0][1][..b.len()].copy_from_slice(b);
        DoublingPair { k, length: significant(b), rooms, current: 0 }
    }

    /// The numbers, and the rooms that are free.
    fn numbers(&mut self) -> ([&[u64]; 2], &mut [[u64; ROOM]; 2]) {
        let [low, high] = &mut self.rooms;
        let (numbers, free) = if self.current == 0 { (low, high) } else { (high, low) };
        (numbers.each_ref().map(|number| &number[..self.length]), free)
    }

    /// Doubles to F(k) and F(k+1), where k is n cut off by some bits.
    fn double_until(&mut self, k: u64, n: u64) {
        while self.k < k {
            let next = next_index(self.k, n);
            let length = limbs_of(next);
            let sign = sign(self.k);
            let ([a, b], free) = self.numbers();
            let [first, second] = free.each_mut().map(|number| &mut number[..length]);
            if next.is_multiple_of(2) {
                combine::<3, 2>(a, b, sign, first, second);
            } else {
                combine::<2, 3>(a, b, sign, second, first);
            }
            let length = significant(first).max(significant(second));
            (self.k, self.length, self.current) = (next, length, 1 - self.current);
        }
    }

    /// The limbs of F(n) alone, for k = n/2.
    fn doubled_once(&mut self, n: u64) -> Vec<u64> {
        let sign = sign(self.k);
        let ([a, b], free) = self.numbers();
        // Both free rooms together hold a number of twice the length.
        let limbs = &mut free.as_flattened_mut()[..limbs_for(digits_at_most(n)) as usize];
        if n.is_multiple_of(2) {
            combine::<3, 2>(a, b, sign, limbs, &mut []);
        } else {
            combine::<3, 2>(a, b, 0, &mut [], limbs);
        }
        limbs[..significant(limbs)].to_vec()
    }
}

/// (−1)ᵏ
fn sign(k: u64) -> i64 {
    if k.is_multiple_of(2) { 1 } else { -1 }
}

/// The limbs that are not zeros at the top.
fn significant(limbs: &[u64]) -> usize {
    limbs.iter().rposition(|&limb| limb != 0).map_or(0, |top| top + 1)
}

/// The index after k on the way to n.
fn next_index(k: u64, n: u64) -> u64 {
    let left = n.leading_zeros().abs_diff(k.leading_zeros());
    n >> (left - 1)
}

/// Limbs enough for F(k), F(k+1) and F(k+2).
const fn limbs_of(k: u64) -> usize {
    limbs_for(digits_at_most(k + 2)) as usize
}

/// Fills `outer` with the limbs of B·b² − A·a² − 2·sign, and `sum` with those of a² + b²; one of them may
/// be empty. Both are at least 0 and fit.
#[inline(always)]
fn combine<const A: u8, const B: u8>(a: &[u64], b: &[u64], sign: i64, outer: &mut [u64], sum: &mut [u64]) {
    // A column is at most 66·10³⁶, so all sums here are below 5·66·10³⁶ + 10²¹ < 2¹²⁸. The offset keeps
    // the difference above 0; it is a multiple of 10¹⁸, and taken off the carry.
    const OFFSET_CARRY: u128 = 3 * MAX_OPERAND as u128 * LIMB as u128;
    const OFFSET: u128 = OFFSET_CARRY * LIMB as u128;
    const _: () = assert!(OFFSET < (u128::MAX / 5) * 3);
    let (mut outer_carry, mut sum_carry) = (OFFSET_CARRY.wrapping_sub((2 * i128::from(sign)) as u128), 0);
    for column in 0..outer.len().max(sum.len()) {
        let (a_square, b_square) = column_of_squares(a, b, column);
        if let Some(limb) = outer.get_mut(column) {
            let positive = OFFSET - OFFSET_CARRY + outer_carry + u128::from(B) * b_square;
            (outer_carry, *limb) = divide(positive - u128::from(A) * a_square);
        }
        if let Some(limb) = sum.get_mut(column) {
            (sum_carry, *limb) = divide(a_square + b_square + sum_carry);
        }
    }
}

/// Column `column` of a² and of b², for a and b of equal length.
#[inline(always)]
fn column_of_squares(a: &[u64], b: &[u64], column: usize) -> (u128, u128) {
    let length = a.len();
    let start = (column + 1).saturating_sub(length);
    let end = length.min(column + 1);
    let (mut a_sum, mut b_sum) = (0, 0);
    if start >= end {
        return (0, 0);
    }
    let pairs = (end - start) / 2;
    let product = |x: u64, y: u64| u128::from(x) * u128::from(y);
    let low = a[start..start + pairs].iter().zip(&b[start..start + pairs]);
    let high = a[end - pairs..end].iter().rev().zip(b[end - pairs..end].iter().rev());
    for ((&a_low, &b_low), (&a_high, &b_high)) in low.zip(high) {
        a_sum += product(a_low, a_high);
        b_sum += product(b_low, b_high);
    }
    (a_sum, b_sum) = (2 * a_sum, 2 * b_sum);
    if (end - start) % 2 == 1 {
        let (a, b) = (a[start + pairs], b[start + pairs]);
        a_sum += product(a, a);
        b_sum += product(b, b);
    }
    (a_sum, b_sum)
}

/// Quotient and remainder of x / 10¹⁸, by reciprocals: a division of 128 bits takes several times as long.
#[inline(always)]
fn divide(x: u128) -> (u128, u64) {
    let (high, low) = ((x >> 64) as u64, x as u64);
    let (high_quotient, high_rest) = (high / LIMB, high % LIMB);
    let rest = (u128::from(high_rest) << 64) | u128::from(low);
    // rest < 10¹⁸·2⁶⁴. The estimate is too low by less than 2⁶⁰/10¹⁸ < 1.16 for the bits of it dropped,
    // by less than 2⁶³·⁸/2⁶³ · 0.24 < 0.42 for the fraction of 2¹²³/10¹⁸ dropped, and by less than 1 for its
    // own: by 2 at most.
    const RECIPROCAL: u64 = ((1_u128 << 123) / LIMB as u128) as u64;
    let mut quotient = ((u128::from((rest >> 60) as u64) * u128::from(RECIPROCAL)) >> 63) as u64;
    let mut remainder = low.wrapping_sub(quotient.wrapping_mul(LIMB));
    for _ in 0..2 {
        let more = remainder >= LIMB;
        quotient += u64::from(more);
        remainder = std::hint::select_unpredictable(more, remainder.wrapping_sub(LIMB), remainder);
    }
    ((u128::from(high_quotient) << 64) + u128::from(quotient), remainder)
}
