//! Which Fibonacci or Lucas number a number is, and which are nearest.
//!
//! The logarithm leaves one or two candidates. A residue modulo a prime refuses a wrong one without its value; a
//! right one is compared digit by digit, so the answer is exact.

use std::cmp::Ordering;
use std::num::NonZeroU64;

use super::NumberError;
use super::decimal_text::Digits;
use crate::instant::modulo_of_magnitude;
use crate::{Error, TextResidue, nth};

/// The Fibonacci numbers next to a number N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbors {
    /// The largest n with F(n) ≤ N; 2 for N = 1.
    pub below: i64,
    /// Whether F(below) = N.
    pub exact: bool,
    /// Which of F(below) and F(below + 1) is nearer to N.
    pub nearest: Nearest,
}

/// Which of two neighbors is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearest {
    /// F(below).
    Below,
    /// F(below + 1).
    Above,
    /// Both are at the same distance, as 3 and 5 are for 4.
    Both,
}

/// Returns the index n ≥ 0 for which F(n) is the number in the text, if there is one; 1 for 1, which F(2) is too.
///
/// # Size
/// Up to 10⁷ digits and beyond: as far as [`nth`] goes.
///
/// # Cost
/// A nanosecond a digit if it is not a Fibonacci number, and [`estimate`](crate::estimate()) of its index if it is.
///
/// # Errors
/// [`IndexOfError::Number`] if the text is not a whole number ≥ 0 in decimal digits, and [`IndexOfError::Compute`] if the
/// value to compare it with was not delivered.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::index_of_fibonacci("354224848179261915075")?, Some(100));
/// assert_eq!(fibonacci::index_of_fibonacci("354224848179261915076")?, None);
/// # Ok::<(), fibonacci::IndexOfError>(())
/// ```
pub fn index_of_fibonacci(text: &str) -> Result<Option<i64>, IndexOfError> {
    let number = Digits::parse(text)?;
    if let Some(small) = small(&number, &[(0, 0), (1, 1)]) {
        return Ok(Some(small));
    }
    let candidate = (number.log10() + SQRT5.log10()) / PHI.log10();
    find(&number, candidate, fibonacci_residue, |n| Ok(Digits::of(&nth(n)?)))
}

/// Returns the index n ≥ 0 for which L(n) is the number in the text, if there is one.
///
/// Size, cost and errors are those of [`index_of_fibonacci`], the cost twice as high.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::index_of_lucas("123")?, Some(10));
/// assert_eq!(fibonacci::index_of_lucas("124")?, None);
/// # Ok::<(), fibonacci::IndexOfError>(())
/// ```
pub fn index_of_lucas(text: &str) -> Result<Option<i64>, IndexOfError> {
    let number = Digits::parse(text)?;
    if let Some(small) = small(&number, &[(2, 0), (1, 1), (3, 2)]) {
        return Ok(Some(small));
    }
    if number.as_bytes() == b"0" {
        return Ok(None);
    }
    let candidate = number.log10() / PHI.log10();
    let residue = |n: u64, m: NonZeroU64| {
        // L(n) = F(n−1) + F(n+1)
        let sum = u128::from(fibonacci_residue(n - 1, m)) + u128::from(fibonacci_residue(n + 1, m));
        (sum % u128::from(m.get())) as u64
    };
    find(&number, candidate, residue, |n| Ok(Digits::of(&nth(n - 1)?).plus(&Digits::of(&nth(n + 1)?))))
}

/// Returns the Fibonacci numbers next to the number in the text.
///
/// # Cost
/// Three Fibonacci numbers of its size, see [`estimate`](crate::estimate()).
///
/// # Errors
/// Those of [`index_of_fibonacci`].
///
/// # Example
/// ```
/// use fibonacci::{Nearest, neighbors};
/// let neighbors = neighbors("100")?; // between F(11) = 89 and F(12) = 144
/// assert_eq!((neighbors.below, neighbors.exact, neighbors.nearest), (11, false, Nearest::Below));
/// # Ok::<(), fibonacci::IndexOfError>(())
/// ```
pub fn neighbors(text: &str) -> Result<Neighbors, IndexOfError> {
    let number = Digits::parse(text)?;
    if number.as_bytes() == b"0" {
        return Ok(Neighbors { below: 0, exact: true, nearest: Nearest::Below });
    }
    let value = |n: i64| -> Result<Digits, IndexOfError> { Ok(Digits::of(&nth(n)?)) };
    let mut below = index((number.log10() + SQRT5.log10()) / PHI.log10()).max(2);
    let mut low = value(below)?;
    while low > number && below > 2 {
        below -= 1;
        low = value(below)?;
    }
    loop {
        let high = value(below + 1)?;
        if high > number {
            // N is nearer to F(n) if 2N < F(n) + F(n+1).
            let nearest = match number.plus(&number).cmp(&low.plus(&high)) {
                Ordering::Less => Nearest::Below,
                Ordering::Equal => Nearest::Both,
                Ordering::Greater => Nearest::Above,
            };
            return Ok(Neighbors { below, exact: low == number, nearest });
        }
        (below, low) = (below + 1, high);
    }
}

/// Why it is not known which number a text is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexOfError {
    /// The text is not a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The value to compare it with was not delivered.
    #[error("cannot compute the value to compare with")]
    Compute(#[from] Error),
}

const PHI: f64 = 1.618_033_988_749_895;
const SQRT5: f64 = 2.236_067_977_499_79;

/// A prime that nothing else is computed with.
const PRIME: NonZeroU64 = NonZeroU64::new((1 << 61) - 1).unwrap();

fn fibonacci_residue(n: u64, m: NonZeroU64) -> u64 {
    modulo_of_magnitude(n, m)
}

fn index(candidate: f64) -> i64 {
    candidate.round() as i64
}

/// The index of a number of one digit.
fn small(number: &Digits, known: &[(u8, i64)]) -> Option<i64> {
    match number.as_bytes() {
        [digit] => known.iter().find(|(value, _)| value + b'0' == *digit).map(|&(_, index)| index),
        _ => None,
    }
}

fn find(
    number: &Digits,
    candidate: f64,
    residue_at: impl Fn(u64, NonZeroU64) -> u64,
    value_at: impl Fn(i64) -> Result<Digits, IndexOfError>,
) -> Result<Option<i64>, IndexOfError> {
    let mut residue = TextResidue::new(PRIME);
    residue.push(number.as_bytes());
    let residue = residue.finish();
    let middle = index(candidate);
    // The logarithm is good to far less than one index, but for numbers of one digit.
    for n in (middle - 1).max(3)..=middle + 1 {
        if residue == Some(residue_at(n.unsigned_abs(), PRIME)) && value_at(n)? == *number {
            return Ok(Some(n));
        }
    }
    Ok(None)
}
