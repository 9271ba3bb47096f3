//! Counts of digits.

use dashu_int::IBig;

use crate::{UBig, modulo};

/// The number of times that each digit occurs in a text, which is pushed in any number of pieces.
///
/// # Cost
/// Less than half a nanosecond a digit.
///
/// # Example
/// ```
/// let mut statistics = fibonacci::DigitStatistics::default();
/// statistics.push(b"354224848179261915075");
/// assert_eq!(statistics.counts()[4], 3);
/// assert_eq!(statistics.sum(), 93);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DigitStatistics {
    counts: [u64; 10],
}

impl DigitStatistics {
    /// Takes the next piece of the text; what is not a digit is passed over.
    pub fn push(&mut self, text: &[u8]) {
        // Blocks whose counts fit a byte: the compiler counts many bytes at a time.
        for block in text.chunks(192) {
            for (count, digit) in self.counts.iter_mut().zip(b'0'..) {
                *count += u64::from(block.iter().map(|&byte| u8::from(byte == digit)).sum::<u8>());
            }
        }
    }

    /// Returns how often each digit occurred, by its value.
    pub fn counts(&self) -> [u64; 10] {
        self.counts
    }

    /// Returns the sum of the digits.
    pub fn sum(&self) -> u64 {
        self.counts.iter().zip(0..).map(|(count, digit)| count * digit).sum()
    }

    /// Returns the digital root of the number that the digits form: their sum, summed again until one digit is left.
    pub fn digital_root(&self) -> u8 {
        match self.sum() {
            0 => 0,
            sum => ((sum - 1) % 9) as u8 + 1,
        }
    }
}

/// Returns the digital root of |F(n)|, the sum of its digits taken again until one is left: 9 for multiples of 9, 0 for
/// F(0) = 0 only. It repeats every 24 indexes.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::digital_root(100), 3);
/// assert_eq!(fibonacci::digital_root(12), 9);
/// ```
pub fn digital_root(n: impl Into<IBig>) -> u8 {
    let (_, magnitude) = n.into().into_parts();
    if magnitude.is_zero() {
        return 0;
    }
    let residue = modulo(magnitude % 24_u8, &UBig::from(9_u8)).and_then(|residue| u8::try_from(residue).ok());
    match residue {
        Some(0) | None => 9,
        Some(residue) => residue,
    }
}
