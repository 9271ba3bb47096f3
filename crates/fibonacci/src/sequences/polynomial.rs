//! Fibonacci and Lucas polynomials.

use dashu_int::UBig;

use super::SequenceError;

/// The largest index of a polynomial, whose coefficients are a megabyte of digits.
pub const MAX_POLYNOMIAL: u32 = 2_000;

/// Returns the coefficients of the Fibonacci polynomial F(n, x), the lowest first; none for F(0, x) = 0.
///
/// F(0, x) = 0, F(1, x) = 1 and F(n, x) = x·F(n−1, x) + F(n−2, x); F(n, 1) is F(n).
///
/// # Cost
/// n/2 products and quotients of small numbers: a millisecond for the largest.
///
/// # Errors
/// [`SequenceError::Polynomial`] above [`MAX_POLYNOMIAL`].
///
/// # Source
/// The coefficient of x^(n−1−2j) is the binomial of n−1−j over j.
///
/// # Example
/// ```
/// // F(5, x) = x⁴ + 3x² + 1
/// assert_eq!(fibonacci::fibonacci_polynomial(5)?, [1_u8, 0, 3, 0, 1].map(Into::into));
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn fibonacci_polynomial(n: u32) -> Result<Vec<UBig>, SequenceError> {
    check(n)?;
    Ok(match n.checked_sub(1) {
        None => Vec::new(),
        Some(degree) => coefficients(degree),
    })
}

/// Returns the coefficients of the Lucas polynomial L(n, x), the lowest first.
///
/// L(0, x) = 2, L(1, x) = x and L(n, x) = x·L(n−1, x) + L(n−2, x) = F(n+1, x) + F(n−1, x); L(n, 1) is L(n).
/// Cost and errors are those of [`fibonacci_polynomial`].
///
/// # Errors
/// [`SequenceError::Polynomial`] above [`MAX_POLYNOMIAL`].
///
/// # Example
/// ```
/// // L(4, x) = x⁴ + 4x² + 2
/// assert_eq!(fibonacci::lucas_polynomial(4)?, [2_u8, 0, 4, 0, 1].map(Into::into));
/// # Ok::<(), fibonacci::SequenceError>(())
/// ```
pub fn lucas_polynomial(n: u32) -> Result<Vec<UBig>, SequenceError> {
    check(n)?;
    if n == 0 {
        return Ok(vec![UBig::from(2_u8)]);
    }
    let mut sum = coefficients(n);
    if n >= 2 {
        for (coefficient, other) in sum.iter_mut().zip(coefficients(n - 2)) {
            *coefficient += other;
        }
    }
    Ok(sum)
}

fn check(n: u32) -> Result<(), SequenceError> {
    if n <= MAX_POLYNOMIAL { Ok(()) } else { Err(SequenceError::Polynomial { given: n }) }
}

/// The coefficients of F(degree + 1, x).
fn coefficients(degree: u32) -> Vec<UBig> {
    let mut coefficients = vec![UBig::ZERO; degree as usize + 1];
    let mut binomial = UBig::ONE;
    for j in 0..=degree / 2 {
        coefficients[(degree - 2 * j) as usize] = binomial.clone();
        // From (d−j over j) to (d−j−1 over j+1).
        let (up, down) = ((degree - 2 * j) * degree.saturating_sub(2 * j + 1), (j + 1) * (degree - j));
        if up > 0 {
            binomial = binomial * up / down;
        }
    }
    coefficients
}
