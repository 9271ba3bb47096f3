//! Integers in decimal: their text needs no conversion at the end.

use std::cell::RefCell;
use std::cmp::Ordering;

use dashu_int::IBig;

use super::ring::Ring;
use crate::control::Meter;
use crate::limbs::{LIMB, LIMB_DIGITS, columns, divide_by_limb};
use crate::{Control, Decimal, Error, goldilocks};

/// The integers in decimal. After a product that failed all others are 0 at once, and [`Decimals::finish`] has the error.
pub(crate) struct Decimals<'a> {
    state: RefCell<State<'a>>,
}

struct State<'a> {
    meter: Meter<'a>,
    failed: Option<Error>,
}

impl<'a> Decimals<'a> {
    /// For products of `units` of work together.
    pub(crate) fn new(control: Control<'a>, units: u64) -> Self {
        Decimals { state: RefCell::new(State { meter: Meter::new(control, units), failed: None }) }
    }

    /// Returns why a product failed or that the flag is raised, or reports the end.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let State { mut meter, failed } = self.state.into_inner();
        if let Some(error) = failed {
            return Err(error);
        }
        meter.look()?;
        meter.finish();
        Ok(())
    }

    fn product(&self, x: &[u64], y: &[u64]) -> Vec<u64> {
        if let Some(limbs) = scaled(x, y).or_else(|| scaled(y, x)) {
            return limbs;
        }
        let State { meter, failed } = &mut *self.state.borrow_mut();
        if failed.is_some() {
            return Vec::new();
        }
        goldilocks::multiply(x, y, meter).unwrap_or_else(|error| {
            *failed = Some(error);
            Vec::new()
        })
    }
}

impl Ring for Decimals<'_> {
    type Element = Decimal;

    fn element(&self, integer: &IBig) -> Decimal {
        integer.into()
    }

    fn add(&self, x: &Decimal, y: &Decimal) -> Decimal {
        sum(x, y, y.is_negative())
    }

    fn subtract(&self, x: &Decimal, y: &Decimal) -> Decimal {
        sum(x, y, !y.is_negative())
    }

    fn multiply(&self, x: &Decimal, y: &Decimal) -> Decimal {
        number(x.is_negative() != y.is_negative(), self.product(x.limbs(), y.limbs()))
    }
}

/// Returns the limbs of the operands of each doubling up to an index, where an index adds `growth` digits.
pub(super) fn operand_limbs(n: u64, growth: f64) -> impl Iterator<Item = u64> {
    (0..u64::BITS - n.leading_zeros()).rev().map(move |shift| {
        let k = n >> shift >> 1;
        let limbs = ((k as f64 + 1.0) * growth / LIMB_DIGITS as f64) as u64;
        limbs.saturating_add(2)
    })
}

/// Returns a number of limbs that may have zeros at the top.
fn number(negative: bool, mut limbs: Vec<u64>) -> Decimal {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    Decimal::new(negative && !limbs.is_empty(), limbs)
}

/// Returns x + y, where y has the given sign instead of its own.
fn sum(x: &Decimal, y: &Decimal, negative: bool) -> Decimal {
    let (long, short) = (x.limbs(), y.limbs());
    if x.is_negative() == negative {
        return number(negative, added(long, short));
    }
    match compare(long, short) {
        Ordering::Less => number(negative, subtracted(short, long)),
        Ordering::Equal | Ordering::Greater => number(x.is_negative(), subtracted(long, short)),
    }
}

fn compare(x: &[u64], y: &[u64]) -> Ordering {
    x.len().cmp(&y.len()).then_with(|| x.iter().rev().cmp(y.iter().rev()))
}

fn added(x: &[u64], y: &[u64]) -> Vec<u64> {
    let (long, short) = if x.len() < y.len() { (y, x) } else { (x, y) };
    let mut carry = 0;
    let mut limbs = Vec::with_capacity(long.len() + 1);
    let others = short.iter().chain(std::iter::repeat(&0));
    limbs.extend(long.iter().zip(others).map(|(&limb, &other)| {
        let sum = limb + other + carry;
        carry = u64::from(sum >= LIMB);
        sum - carry * LIMB
    }));
    limbs.push(carry);
    limbs
}

/// x − y for x ≥ y.
fn subtracted(x: &[u64], y: &[u64]) -> Vec<u64> {
    let mut borrow = 0;
    let others = y.iter().chain(std::iter::repeat(&0));
    let difference = x.iter().zip(others).map(|(&limb, &other)| {
        let taken = other + borrow;
        borrow = u64::from(limb < taken);
        limb + borrow * LIMB - taken
    });
    difference.collect()
}

/// Returns the product with a factor that is short, `None` if it is not.
fn scaled(x: &[u64], factor: &[u64]) -> Option<Vec<u64>> {
    /// A limb, its product with this and a carry are below 2¹⁰⁵.
    const SMALL: u64 = 1 << 44;
    match *factor {
        [] => Some(Vec::new()),
        [1] => Some(x.to_vec()),
        [factor] if factor < SMALL => {
            let mut carry = 0;
            let mut limbs = Vec::with_capacity(x.len() + 1);
            limbs.extend(x.iter().map(|&limb| {
                let product;
                (carry, product) = divide_by_limb(u128::from(limb) * u128::from(factor) + u128::from(carry));
                product
            }));
            limbs.push(carry);
            Some(limbs)
        }
        // Those of 64 bits.
        [_] | [_, _] => {
            let mut limbs = vec![0; x.len() + factor.len()];
            columns(factor, x, &mut limbs);
            Some(limbs)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn integer() -> impl Strategy<Value = IBig> {
        let magnitude = prop_oneof!["0", "1", "[1-9][0-9]{0,200}", "9{1,80}", "10{1,80}"];
        (magnitude, any::<bool>()).prop_map(|(digits, negative)| {
            let magnitude: IBig = digits.parse().unwrap();
            if negative { -magnitude } else { magnitude }
        })
    }

    proptest! {
        #[test]
        fn sums_and_products_are_those_of_the_integers(x in integer(), y in integer()) {
            let ring = Decimals::new(Control::none(), 1);
            let (a, b) = (ring.element(&x), ring.element(&y));
            prop_assert_eq!(a.to_string(), x.to_string());
            prop_assert_eq!(ring.add(&a, &b).to_string(), (&x + &y).to_string());
            prop_assert_eq!(ring.subtract(&a, &b).to_string(), (&x - &y).to_string());
            prop_assert_eq!(ring.multiply(&a, &b).to_string(), (&x * &y).to_string());
        }
    }
}
