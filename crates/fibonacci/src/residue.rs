//! Residues of decimal text, to verify digits without having the number.

use std::num::NonZeroU64;

use crate::limbs::LIMB;

/// The residue of a decimal number given as text, in as many pieces as one likes.
///
/// Takes what [`Decimal`](crate::Decimal) writes: digits, and a `-` before the first.
///
/// # Example
/// ```
/// # use std::num::NonZeroU64;
/// let hundred = NonZeroU64::new(100).unwrap();
/// let mut residue = fibonacci::TextResidue::new(hundred);
/// residue.push(b"-12");
/// residue.push(b"34");
/// assert_eq!(residue.finish(), Some(66)); // −1234 ≡ 66 (mod 100)
/// ```
#[derive(Debug, Clone)]
pub struct TextResidue {
    modulus: u64,
    residue: u64,
    /// The number the last digits form, not yet in `residue`, and 10 to the power of their count.
    pending: u64,
    pending_scale: u64,
    digits: u64,
    negative: bool,
    malformed: bool,
}

impl TextResidue {
    /// Begins a number.
    pub fn new(modulus: NonZeroU64) -> Self {
        TextResidue {
            modulus: modulus.get(),
            residue: 0,
            pending: 0,
            pending_scale: 1,
            digits: 0,
            negative: false,
            malformed: false,
        }
    }

    /// Takes the next piece of the text. About a nanosecond a digit.
    pub fn push(&mut self, text: &[u8]) {
        for &byte in text {
            match byte {
                b'0'..=b'9' => {
                    self.pending = 10 * self.pending + u64::from(byte - b'0');
                    self.pending_scale *= 10;
                    self.digits += 1;
                    if self.pending_scale == LIMB {
                        self.fold();
                    }
                }
                b'-' if self.digits == 0 && !self.negative => self.negative = true,
                _ => self.malformed = true,
            }
        }
    }

    /// The residue, in 0..m also for negative numbers; `None` if the text was not a number.
    pub fn finish(mut self) -> Option<u64> {
        if self.malformed || self.digits == 0 {
            return None;
        }
        self.fold();
        match self.residue {
            residue if self.negative && residue > 0 => Some(self.modulus - residue),
            residue => Some(residue),
        }
    }

    fn fold(&mut self) {
        let sum = u128::from(self.residue) * u128::from(self.pending_scale) + u128::from(self.pending);
        self.residue = (sum % u128::from(self.modulus)) as u64;
        self.pending = 0;
        self.pending_scale = 1;
    }
}
