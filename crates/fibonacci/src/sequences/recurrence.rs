//! Sequences with x(n) = P·x(n−1) − Q·x(n−2): Lucas numbers, U and V, own seeds.
//!
//! U(2k) = U(k)·(2U(k+1) − P·U(k)), U(2k+1) = U(k+1)² − Q·U(k)² and U(2k+2) = P·U(2k+1) − Q·U(2k). All others follow:
//! V(n) = 2U(n+1) − P·U(n), and a sequence with x(0) = a and x(1) = b is b·U(n) − Q·a·U(n−1).

use dashu_int::ops::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};

use super::ring::{Integers, Residues, Ring, divisor};
use super::{MAX_VALUE_BITS, SequenceError, split};

/// The parameters of x(n) = P·x(n−1) − Q·x(n−2). Fibonacci and Lucas numbers have P = 1 and Q = −1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LucasParameters {
    /// P
    pub p: IBig,
    /// Q
    pub q: IBig,
}

impl LucasParameters {
    /// P = 1 and Q = −1.
    pub fn fibonacci() -> Self {
        LucasParameters { p: IBig::ONE, q: IBig::NEG_ONE }
    }
}

/// Returns the Lucas number L(n), with L(0) = 2, L(1) = 1 and L(−n) = (−1)ⁿ·L(n).
///
/// # Size
/// 0.209·|n| digits, up to [`MAX_VALUE_BITS`].
///
/// # Cost
/// See [`price::lucas_sequence`](crate::price::lucas_sequence).
///
/// # Errors
/// [`SequenceError::TooLarge`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::lucas(10)?, 123.into());
/// assert_eq!(fibonacci::lucas(-5)?, (-11).into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas(n: impl Into<IBig>) -> Result<IBig, SequenceError> {
    lucas_v(&LucasParameters::fibonacci(), n)
}

/// Returns L(n) modulo m, in 0..m, for any n.
///
/// # Errors
/// [`SequenceError::ZeroModulus`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::lucas_modulo(10, &100_u8.into())?, 23_u8.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas_modulo(n: impl Into<IBig>, m: &UBig) -> Result<UBig, SequenceError> {
    lucas_v_modulo(&LucasParameters::fibonacci(), n, m)
}

/// Returns U(n) of the Lucas sequences with parameters P and Q: U(0) = 0, U(1) = 1.
///
/// Negative indexes are defined if Q is 1 or −1: U(−n) = −U(n)/Qⁿ.
///
/// # Cost
/// See [`price::lucas_sequence`](crate::price::lucas_sequence).
///
/// # Errors
/// [`SequenceError::TooLarge`] and [`SequenceError::NotInvertible`].
///
/// # Source
/// É. Lucas, "Théorie des fonctions numériques simplement périodiques", 1878.
///
/// # Example
/// ```
/// let pell = fibonacci::LucasParameters { p: 2.into(), q: (-1).into() };
/// assert_eq!(fibonacci::lucas_u(&pell, 10)?, 2378.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas_u(pair: &LucasParameters, n: impl Into<IBig>) -> Result<IBig, SequenceError> {
    exact(pair, n.into(), 0, |ring, u| u.term(ring, &IBig::ZERO, &IBig::ONE))
}

/// Returns V(n) of the Lucas sequences with parameters P and Q: V(0) = 2, V(1) = P.
///
/// Indexes, cost, errors and source are those of [`lucas_u`], with V(−n) = V(n)/Qⁿ.
///
/// # Example
/// ```
/// let pell = fibonacci::LucasParameters { p: 2.into(), q: (-1).into() };
/// assert_eq!(fibonacci::lucas_v(&pell, 10)?, 6726.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas_v(pair: &LucasParameters, n: impl Into<IBig>) -> Result<IBig, SequenceError> {
    exact(pair, n.into(), 1, |ring, u| u.term(ring, &IBig::from(2), &pair.p))
}

/// Returns x(n) for x(0) = a, x(1) = b and x(n) = x(n−1) + x(n−2), the generalized Fibonacci number G(a, b, n).
///
/// # Cost
/// See [`price::lucas_sequence`](crate::price::lucas_sequence).
///
/// # Errors
/// [`SequenceError::TooLarge`].
///
/// # Example
/// ```
/// assert_eq!(fibonacci::seeded(&3.into(), &4.into(), 5)?, 29.into()); // 3, 4, 7, 11, 18, 29
/// assert_eq!(fibonacci::seeded(&3.into(), &4.into(), -1)?, 1.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn seeded(a: &IBig, b: &IBig, n: impl Into<IBig>) -> Result<IBig, SequenceError> {
    let seed_bits = a.bit_len().max(b.bit_len()) as u64;
    exact(&LucasParameters::fibonacci(), n.into(), seed_bits, |ring, u| u.term(ring, a, b))
}

/// Returns U(n) modulo m, in 0..m, for any n; negative ones if Q is invertible modulo m.
///
/// # Cost
/// About three times that of [`modulo`](crate::modulo).
///
/// # Errors
/// [`SequenceError::ZeroModulus`] and [`SequenceError::NotInvertible`].
///
/// # Example
/// ```
/// use fibonacci::{IBig, LucasParameters, lucas_u_modulo};
/// let pell = LucasParameters { p: 2.into(), q: (-1).into() };
/// assert_eq!(lucas_u_modulo(&pell, 10, &1000_u16.into())?, 378_u16.into());
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas_u_modulo(pair: &LucasParameters, n: impl Into<IBig>, m: &UBig) -> Result<UBig, SequenceError> {
    modular(pair, n.into(), m, &IBig::ZERO, &IBig::ONE)
}

/// Returns V(n) modulo m; all else is as with [`lucas_u_modulo`].
///
/// # Errors
/// [`SequenceError::ZeroModulus`] and [`SequenceError::NotInvertible`].
pub fn lucas_v_modulo(pair: &LucasParameters, n: impl Into<IBig>, m: &UBig) -> Result<UBig, SequenceError> {
    modular(pair, n.into(), m, &IBig::from(2), &pair.p)
}

/// Returns G(a, b, n) modulo m, in 0..m, for any n.
///
/// # Errors
/// [`SequenceError::ZeroModulus`].
pub fn seeded_modulo(a: &IBig, b: &IBig, n: impl Into<IBig>, m: &UBig) -> Result<UBig, SequenceError> {
    modular(&LucasParameters::fibonacci(), n.into(), m, a, b)
}

/// U(n) and U(n+1), with the parameters.
pub(super) struct Terms<E> {
    current: E,
    next: E,
    p: E,
    q: E,
}

impl<E: Clone> Terms<E> {
    pub(super) fn at<R: Ring<Element = E>>(ring: &R, p: E, q: E, n: &UBig) -> Self {
        let (mut current, mut next) = (ring.element(&IBig::ZERO), ring.element(&IBig::ONE));
        for place in (0..n.bit_len()).rev() {
            let twice = ring.add(&next, &next);
            let even = ring.multiply(&current, &ring.subtract(&twice, &ring.multiply(&p, &current)));
            let square = ring.multiply(&current, &current);
            let odd = ring.subtract(&ring.multiply(&next, &next), &ring.multiply(&q, &square));
            (current, next) = if n.bit(place) {
                let after = ring.subtract(&ring.multiply(&p, &odd), &ring.multiply(&q, &even));
                (odd, after)
            } else {
                (even, odd)
            };
        }
        Terms { current, next, p, q }
    }

    /// x(n) for x(0) = a and x(1) = b: a·(U(n+1) − P·U(n)) + b·U(n), where the bracket is −Q·U(n−1).
    pub(super) fn term<R: Ring<Element = E>>(&self, ring: &R, a: &IBig, b: &IBig) -> E {
        let before = ring.subtract(&self.next, &ring.multiply(&self.p, &self.current));
        let first = ring.multiply(&ring.element(a), &before);
        ring.add(&first, &ring.multiply(&ring.element(b), &self.current))
    }
}

fn exact(
    pair: &LucasParameters,
    n: IBig,
    seed_bits: u64,
    term: impl Fn(&Integers, &Terms<IBig>) -> IBig,
) -> Result<IBig, SequenceError> {
    let (negative, magnitude) = split(n);
    if value_bits(pair, &magnitude).is_none_or(|bits| bits.saturating_add(seed_bits) > MAX_VALUE_BITS) {
        return Err(SequenceError::TooLarge);
    }
    let (p, q) = if negative { reversed(pair)? } else { (pair.p.clone(), pair.q.clone()) };
    let terms = Terms::at(&Integers, p, q, &magnitude);
    Ok(term(&Integers, &if negative { backwards(&Integers, terms, &pair.p, &pair.q) } else { terms }))
}

/// An upper bound of the bits of U(n) and V(n), and not far from them; `None` if that is beyond 64 bits.
pub(crate) fn value_bits(pair: &LucasParameters, n: &UBig) -> Option<u64> {
    // With r the larger magnitude of the roots of x² − P·x + Q, |U(n)| ≤ n·r^(n−1) and |V(n)| ≤ 2·rⁿ.
    let bits = u64::try_from(n).ok()? as f64 * root_bits(pair) + n.bit_len() as f64 + 2.0;
    (bits < u64::MAX as f64).then_some(bits as u64)
}

/// The binary logarithm of the larger magnitude of the roots of x² − P·x + Q, or a little more.
fn root_bits(pair: &LucasParameters) -> f64 {
    let p = pair.p.clone().unsigned_abs();
    let q = pair.q.clone().unsigned_abs();
    if p.bit_len().max(q.bit_len()) > 500 {
        // It is at most |P| + √|Q|.
        return (p.bit_len() as f64).max(q.bit_len() as f64 / 2.0) + 1.0;
    }
    let (p, q) = (p.to_f64().value(), pair.q.to_f64().value());
    let discriminant = p * p - 4.0 * q;
    let root = if discriminant < 0.0 { q.sqrt() } else { (p + discriminant.sqrt()) / 2.0 };
    root.log2().max(0.0) * (1.0 + 1e-12)
}

/// The parameters of the sequence read backwards, y(n) = x(−n): P/Q and 1/Q, where Q is 1 or −1.
fn reversed(pair: &LucasParameters) -> Result<(IBig, IBig), SequenceError> {
    if pair.q.clone().unsigned_abs().is_one() {
        Ok((&pair.p * &pair.q, pair.q.clone()))
    } else {
        Err(SequenceError::NotInvertible)
    }
}

/// U(−n) and U(1−n) of a sequence, from the terms W(n) and W(n+1) of the sequence read backwards.
///
/// U(−n) = −W(n)/Q, as both obey one recurrence and U(0) = 0, U(−1) = −1/Q.
fn backwards<R: Ring>(ring: &R, reversed: Terms<R::Element>, p: &IBig, q: &IBig) -> Terms<R::Element> {
    let zero = ring.element(&IBig::ZERO);
    let (p, q) = (ring.element(p), ring.element(q));
    // 1/Q is the parameter Q of the reversed sequence.
    let current = ring.subtract(&zero, &ring.multiply(&reversed.q, &reversed.current));
    let before = ring.subtract(&zero, &ring.multiply(&reversed.q, &reversed.next));
    let next = ring.subtract(&ring.multiply(&p, &current), &ring.multiply(&q, &before));
    Terms { current, next, p, q }
}

/// Returns x(n) modulo m.
pub(super) fn modular(pair: &LucasParameters, n: IBig, m: &UBig, a: &IBig, b: &IBig) -> Result<UBig, SequenceError> {
    let divisor = divisor(m).ok_or(SequenceError::ZeroModulus)?;
    let ring = Residues::new(&divisor);
    let (negative, magnitude) = split(n);
    let (p, q) = (ring.element(&pair.p), ring.element(&pair.q));
    let terms = if negative {
        let inverse = q.inv().ok_or(SequenceError::NotInvertible)?;
        let terms = Terms::at(&ring, ring.multiply(&p, &inverse), inverse, &magnitude);
        backwards(&ring, terms, &pair.p, &pair.q)
    } else {
        Terms::at(&ring, p, q, &magnitude)
    };
    Ok(terms.term(&ring, a, b).residue())
}
