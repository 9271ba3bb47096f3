//! From coefficients to limbs, eight at a time.
//!
//! A coefficient c = v₁ + p₁·v₂ + p₁p₂·v₃, below 2¹⁴⁷, is first written in digits of 10⁶. All numbers on
//! the way are integers below 2⁵¹: v₂ and v₃ are split into a low part of at most 500 001 and a high one
//! below 2²⁹·⁴, the digits of p₁ and p₁p₂ are at most 500 000, and of their products at most four of the
//! larger kind meet in a digit, or v₁ and smaller ones. Three digits make a limb, so c is three signed
//! limbs, of at most 500 001·(1 + 10⁶ + 10¹²) < 5.00002·10¹⁷ in magnitude, the highest below 2²⁸.
//!
//! Each limb of the result is a sum of one limb of three neighbouring coefficients: at most 1.0001·10¹⁸.
//! One step of ±10¹⁸ brings it to at most 5·10¹⁷ in magnitude, and the ±1 that it hands on to the next
//! limb no further than to 5·10¹⁷ + 1: balanced limbs are finished at once. For canonical limbs, from 0
//! to 10¹⁸ − 1, such a unit may run on, which is rare, and done without vectors.

use super::crt::{BALANCED, Garner};
use super::field::{Field, MODULI, PRIMES};
use super::lanes::{Lanes, LimbOctet, Octet, Task};
use crate::limbs::LIMB;

/// Which limbs stand for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// −5·10¹⁷ − 1 to 5·10¹⁷ + 1, as the bits of an `i64`: between the steps.
    Balanced,
    /// 0 to 10¹⁸ − 1: the value.
    Canonical,
}

/// The carry from a range of limbs into the next two limbs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Overflow {
    first: i64,
    second: i64,
}

/// Carries the coefficients of a range into its limbs.
pub(crate) struct Carry<'a, const CANONICAL: bool> {
    pub(crate) garner: &'a Garner,
    /// The residues of the range, or as many as there are: others are zero.
    pub(crate) residues: [&'a [Octet]; 3],
    pub(crate) limbs: &'a mut [LimbOctet],
}

impl<const CANONICAL: bool> Task for Carry<'_, CANONICAL> {
    type Output = Overflow;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Overflow {
        let fields = [Field::new(lanes, &PRIMES[0]), Field::new(lanes, &PRIMES[1]), Field::new(lanes, &PRIMES[2])];
        let (start, end) = if CANONICAL { (0, LIMB as i64) } else { (1 - BALANCED, BALANCED) };
        let zero = lanes.splat(0.0);
        let none = lanes.to_integers(zero);
        let (mut middle_before, mut high_before, mut carry_before) = (none, none, none);
        let [first, second, third] = self.residues;
        let count = first.len();
        let (second, third) = (&second[..count], &third[..count]);
        for octet in 0..self.limbs.len() {
            let digits = if octet < count {
                self.garner.mixed_digits(lanes, fields, [&first[octet], &second[octet], &third[octet]])
            } else {
                [zero; 3]
            };
            let [low, middle, high] = limbs_of(lanes, digits);
            let neighbours = lanes.add_integers(lanes.shift_1(middle_before, middle), lanes.shift_2(high_before, high));
            let (limbs, carry) = lanes.wrap(lanes.add_integers(low, neighbours), start, end);
            let limbs = lanes.add_integers(limbs, lanes.shift_1(carry_before, carry));
            (middle_before, high_before, carry_before) = (middle, high, carry);
            lanes.store_limbs(&mut self.limbs[octet], limbs);
            if CANONICAL && lanes.any_outside(limbs, start, end) {
                let mut carries = [0; 8];
                lanes.store_limbs(&mut carries, carry);
                run_on(&mut self.limbs[octet], &mut carries);
                carry_before = lanes.load_limbs(&carries);
            }
        }
        let last = |x| {
            let mut octet = [0; 8];
            lanes.store_limbs(&mut octet, x);
            octet.map(|limb| limb as i64)
        };
        let (middle, high, carry) = (last(middle_before), last(high_before), last(carry_before));
        Overflow { first: middle[7] + high[6] + carry[7], second: high[7] }
    }
}

/// Brings eight limbs into the canonical range; what is left over joins the last of their carries.
#[cold]
#[inline(never)]
fn run_on(limbs: &mut LimbOctet, carries: &mut LimbOctet) {
    let mut carry = 0;
    for limb in limbs {
        let sum = *limb as i64 + carry;
        carry = sum.div_euclid(LIMB as i64);
        *limb = sum.rem_euclid(LIMB as i64) as u64;
    }
    carries[7] = (carries[7] as i64 + carry) as u64;
}

/// Adds the carry of the range before.
///
/// What runs over the end is dropped: the coefficients up there, which were not carried at all, are its
/// negative, since the number fits its limbs.
pub(crate) fn settle(limbs: &mut [u64], overflow: Overflow, form: Form) {
    let (start, end) = match form {
        Form::Balanced => (1 - BALANCED, BALANCED),
        Form::Canonical => (0, LIMB as i64),
    };
    let mut carry = overflow.first;
    for (index, limb) in limbs.iter_mut().enumerate() {
        if carry == 0 && index > 1 {
            return;
        }
        let mut sum = *limb as i64 + carry;
        carry = if index == 0 { overflow.second } else { 0 };
        while sum >= end {
            sum -= LIMB as i64;
            carry += 1;
        }
        while sum < start {
            sum += LIMB as i64;
            carry -= 1;
        }
        *limb = sum as u64;
    }
}

/// p₁ in three digits of 10⁶, the lowest first, and p₁p₂ in five.
const P1: [f64; 3] = digits(MODULI[0] as i128);
const P1_P2: [f64; 5] = digits(MODULI[0] as i128 * MODULI[1] as i128);

/// Digits of 10⁶ from −500 000 to 499 999, but for the last, which takes the rest.
const fn digits<const N: usize>(mut x: i128) -> [f64; N] {
    let mut digits = [0.0; N];
    let mut place = 0;
    while place < N {
        let mut digit = x.rem_euclid(1_000_000);
        if digit >= 500_000 {
            digit -= 1_000_000;
        }
        if place + 1 == N {
            digit = x;
        }
        digits[place] = digit as f64;
        x = (x - digit) / 1_000_000;
        place += 1;
    }
    digits
}

/// The three signed limbs of v₁ + p₁·v₂ + p₁p₂·v₃.
#[inline(always)]
fn limbs_of<L: Lanes>(lanes: L, [v1, v2, v3]: [L::Reals; 3]) -> [L::Words; 3] {
    let (a0, a1) = lanes.split_digits(v2);
    let (b0, b1) = lanes.split_digits(v3);
    let p = |place: usize| lanes.splat(P1[place]);
    let q = |place: usize| lanes.splat(P1_P2[place]);
    let sums = [
        lanes.mul_add(b0, q(0), lanes.mul_add(a0, p(0), v1)),
        lanes.mul_add(b1, q(0), lanes.mul_add(b0, q(1), lanes.mul_add(a1, p(0), lanes.mul(a0, p(1))))),
        lanes.mul_add(b1, q(1), lanes.mul_add(b0, q(2), lanes.mul_add(a1, p(1), lanes.mul(a0, p(2))))),
        lanes.mul_add(b1, q(2), lanes.mul_add(b0, q(3), lanes.mul(a1, p(2)))),
        lanes.mul_add(b1, q(3), lanes.mul(b0, q(4))),
        lanes.mul(b1, q(4)),
    ];
    let (d0, carry) = lanes.split_digits(sums[0]);
    let (d1, carry) = lanes.split_digits(lanes.add(sums[1], carry));
    let (d2, carry) = lanes.split_digits(lanes.add(sums[2], carry));
    let (d3, carry) = lanes.split_digits(lanes.add(sums[3], carry));
    let (d4, carry) = lanes.split_digits(lanes.add(sums[4], carry));
    let (d5, high) = lanes.split_digits(lanes.add(sums[5], carry));
    [limb_of(lanes, d0, d1, d2), limb_of(lanes, d3, d4, d5), lanes.to_integers(high)]
}

/// d₀ + 10⁶·d₁ + 10¹²·d₂
#[inline(always)]
fn limb_of<L: Lanes>(lanes: L, d0: L::Reals, d1: L::Reals, d2: L::Reals) -> L::Words {
    let low = lanes.to_integers(lanes.mul_add(d1, lanes.splat(1e6), d0));
    lanes.add_integers(lanes.to_integers_times_ten_to_12(d2), low)
}
