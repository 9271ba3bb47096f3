//! Whole numbers ≥ 0 as decimal text: their logarithm, sums, and comparison.

use std::cmp::Ordering;

/// Why a text is not a number to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// There are no digits.
    #[error("expected decimal digits, got nothing")]
    Empty,
    /// Something that is not a digit.
    #[error("expected decimal digits, got byte {byte:#04x} at position {position}")]
    NotADigit {
        /// The first such byte.
        byte: u8,
        /// Where it is, from 1.
        position: usize,
    },
}

/// Digits without zeros in front; "0" for zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits(Vec<u8>);

impl Digits {
    pub(super) fn parse(text: &str) -> Result<Self, NumberError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(NumberError::Empty);
        }
        if let Some(place) = bytes.iter().position(|byte| !byte.is_ascii_digit()) {
            return Err(NumberError::NotADigit { byte: bytes[place], position: place + 1 });
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == b'0').count().min(bytes.len() - 1);
        Ok(Digits(bytes[zeros..].to_vec()))
    }

    pub(super) fn of(value: &crate::Decimal) -> Self {
        Digits(value.chunks(1 << 20).flatten().collect())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns log₁₀ of the number, which is above 0, within 10⁻⁹ for up to 10⁷ digits.
    pub(super) fn log10(&self) -> f64 {
        let head = &self.0[..self.0.len().min(17)];
        let mantissa = head.iter().fold(0.0, |number, digit| 10.0 * number + f64::from(digit - b'0'));
        mantissa.log10() + (self.0.len() - head.len()) as f64
    }

    /// Returns the sum.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        let mut sum = long.0.clone();
        let mut carry = 0;
        let addends = short.0.iter().rev().map(|digit| digit - b'0').chain(std::iter::repeat(0));
        for (digit, addend) in sum.iter_mut().rev().zip(addends) {
            let value = *digit - b'0' + addend + carry;
            carry = value / 10;
            *digit = b'0' + value % 10;
        }
        if carry > 0 {
            sum.insert(0, b'1');
        }
        Digits(sum)
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
