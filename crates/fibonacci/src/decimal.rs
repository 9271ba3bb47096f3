//! An exact integer in decimal, and its text.

use std::{fmt, io};

use dashu_int::{IBig, Sign};

use crate::limbs::LIMB_DIGITS;
use crate::vector::lanes::prepare_pages;

/// An exact integer of any size, kept in decimal so that its text is cheap to write in any portion.
///
/// Takes 8 bytes for 18 digits; the text is never held as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Base 10¹⁸, the lowest first, without zeros at the top: 0 has none.
    limbs: Vec<u64>,
}

const DIGITS: usize = LIMB_DIGITS as usize;
/// Bytes written at once.
const BLOCK: usize = 256 * DIGITS;
/// Fewer limbs take less time than starting a thread.
const LIMBS_WORTH_A_THREAD: usize = 1 << 14;
/// The same where the text is shorter.
const SHORT_BLOCK: usize = 16 * DIGITS;

impl Decimal {
    pub(crate) fn new(negative: bool, limbs: Vec<u64>) -> Self {
        debug_assert_ne!(limbs.last(), Some(&0));
        Decimal { negative, limbs }
    }

    pub(crate) fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// The number of decimal digits, without a sign; 1 for 0.
    pub fn digits(&self) -> u64 {
        match self.limbs.split_last() {
            None => 1,
            Some((top, rest)) => LIMB_DIGITS * rest.len() as u64 + u64::from(top.ilog10()) + 1,
        }
    }

    /// Whether the number is below 0.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The length of the text in bytes: the digits and a sign.
    pub fn text_len(&self) -> u64 {
        self.digits() + u64::from(self.negative)
    }

    /// The memory held, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        (self.limbs.capacity() * size_of::<u64>()) as u64
    }

    /// The `count` highest digits, or all if there are no more; no sign. For many use
    /// [`Decimal::chunks`] or [`Decimal::write_to`], which never hold them all.
    pub fn first(&self, count: u64) -> String {
        let count = count.min(self.digits());
        self.digit_range(0, count)
    }

    /// The `count` lowest digits, zeros in front included, or all if there are no more; no sign.
    pub fn last(&self, count: u64) -> String {
        let count = count.min(self.digits());
        self.digit_range(self.digits() - count, count)
    }

    /// The text in blocks of `block_bytes` each (at least 1), the last one shorter.
    ///
    /// Every block is a vector of its own, to be handed on without a copy. About a nanosecond a digit.
    pub fn chunks(&self, block_bytes: usize) -> Chunks<'_> {
        Chunks { text: RemainingText::new(self), block_bytes: block_bytes.max(1) }
    }

    /// Returns the whole text, made by up to `threads` threads. For long values that fit memory twice.
    ///
    /// # Example
    /// ```
    /// assert_eq!(fibonacci::nth(-8)?.to_text(2), b"-21");
    /// # Ok::<(), fibonacci::Error>(())
    /// ```
    pub fn to_text(&self, threads: usize) -> Vec<u8> {
        let Some((&top, below_top)) = self.limbs.split_last() else {
            return b"0".to_vec();
        };
        if below_top.len() <= LIMBS_WORTH_A_THREAD {
            let mut text = Vec::with_capacity(self.text_len() as usize);
            if self.negative {
                text.push(b'-');
            }
            text.extend_from_slice(&digits_of(top)[DIGITS - 1 - top.ilog10() as usize..]);
            for &limb in below_top.iter().rev() {
                text.extend_from_slice(&digits_of(limb));
            }
            return text;
        }
        let share = below_top.len().div_ceil(threads.max(1)).max(LIMBS_WORTH_A_THREAD);
        // Zeros from the system cost nothing until they are written, each by its own thread.
        let mut text = vec![0; self.text_len() as usize];
        prepare_pages(&text);
        let (head, rest) = text.split_at_mut(self.text_len() as usize - DIGITS * below_top.len());
        RemainingText::new(self).fill(head);
        let mut parts = rest.chunks_mut(DIGITS * share).zip(below_top.rchunks(share));
        let write = |(text, limbs): (&mut [u8], &[u64])| {
            for (digits, &limb) in text.chunks_exact_mut(DIGITS).zip(limbs.iter().rev()) {
                digits.copy_from_slice(&digits_of(limb));
            }
        };
        let own = parts.next();
        std::thread::scope(|scope| {
            for part in parts {
                scope.spawn(move || write(part));
            }
            own.map(write);
        });
        text
    }

    /// Writes the text, `-` first for negative numbers, in pieces of some kilobytes; no newline.
    ///
    /// # Errors
    /// Those of `destination`.
    pub fn write_to(&self, destination: impl io::Write) -> io::Result<()> {
        if self.is_short() {
            self.write_blocks::<SHORT_BLOCK>(destination)
        } else {
            self.write_blocks::<BLOCK>(destination)
        }
    }

    fn write_blocks<const BYTES: usize>(&self, mut destination: impl io::Write) -> io::Result<()> {
        let mut text = RemainingText::new(self);
        let mut block = [0; BYTES];
        loop {
            match text.fill(&mut block) {
                0 => return Ok(()),
                filled => destination.write_all(&block[..filled])?,
            }
        }
    }

    /// Whether the text fits a short block, which is soon filled with zeros.
    fn is_short(&self) -> bool {
        self.limbs.len() < SHORT_BLOCK / DIGITS
    }

    /// `count` digits after skipping `start`, counted from the highest.
    fn digit_range(&self, start: u64, count: u64) -> String {
        let mut text = RemainingText::magnitude(&self.limbs);
        text.skip(start);
        let mut digits = vec![0; count as usize];
        let filled = text.fill(&mut digits);
        digits.truncate(filled);
        digits.into_iter().map(char::from).collect()
    }
}

impl From<&IBig> for Decimal {
    /// Takes as long as the decimal text.
    fn from(integer: &IBig) -> Self {
        let (sign, magnitude) = integer.clone().into_parts();
        let digits = magnitude.to_string();
        let groups = digits.as_bytes().rchunks(DIGITS);
        let limb = |group: &[u8]| group.iter().fold(0, |limb, digit| 10 * limb + u64::from(digit - b'0'));
        let mut limbs: Vec<u64> = groups.map(limb).collect();
        if limbs == [0] {
            limbs.clear();
        }
        Decimal::new(sign == Sign::Negative && !limbs.is_empty(), limbs)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return f.pad_integral(!self.negative, "", &self.first(self.digits()));
        }
        if self.is_short() { format_blocks::<SHORT_BLOCK>(self, f) } else { format_blocks::<BLOCK>(self, f) }
    }
}

fn format_blocks<const BYTES: usize>(number: &Decimal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = RemainingText::new(number);
    let mut block = [0; BYTES];
    loop {
        match text.fill(&mut block) {
            0 => return Ok(()),
            filled => f.write_str(str::from_utf8(&block[..filled]).map_err(|_| fmt::Error)?)?,
        }
    }
}

impl fmt::Debug for Decimal {
    /// The text when it is short, else its ends and its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        if digits <= 60 {
            return write!(f, "Decimal({self})");
        }
        let sign = if self.negative { "-" } else { "" };
        let (first, last) = (self.first(20), self.last(20));
        write!(f, "Decimal({sign}{first}…{last}, {digits} digits)")
    }
}

/// The text of a [`Decimal`] in blocks; see [`Decimal::chunks`].
#[derive(Debug, Clone)]
pub struct Chunks<'a> {
    text: RemainingText<'a>,
    block_bytes: usize,
}

impl Iterator for Chunks<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let left = self.text.left();
        let size = usize::try_from(left).map_or(self.block_bytes, |left| left.min(self.block_bytes));
        if size == 0 {
            return None;
        }
        let mut block = vec![0; size];
        self.text.fill(&mut block);
        Some(block)
    }
}

/// The part of a text that is not read yet.
#[derive(Debug, Clone)]
struct RemainingText<'a> {
    /// Limbs not begun, the lowest first.
    limbs: &'a [u64],
    /// The characters of the limb begun, or the sign and it; those from `at` on are left.
    group: [u8; DIGITS + 1],
    at: usize,
}

impl<'a> RemainingText<'a> {
    fn new(number: &'a Decimal) -> Self {
        let mut text = RemainingText::magnitude(&number.limbs);
        if number.negative {
            text.at -= 1;
            text.group[text.at] = b'-';
        }
        text
    }

    fn magnitude(limbs: &'a [u64]) -> Self {
        let (top, limbs) = match limbs.split_last() {
            Some((&top, rest)) => (top, rest),
            None => (0, limbs),
        };
        let digits = top.checked_ilog10().unwrap_or(0) as usize + 1;
        let mut text = RemainingText { limbs, group: [0; DIGITS + 1], at: DIGITS + 1 - digits };
        text.group[1..].copy_from_slice(&digits_of(top));
        text
    }

    /// How many characters are left.
    fn left(&self) -> u64 {
        (self.group.len() - self.at) as u64 + LIMB_DIGITS * self.limbs.len() as u64
    }

    /// Drops `count` characters, no more than are left.
    fn skip(&mut self, count: u64) {
        let begun = (self.group.len() - self.at) as u64;
        if count <= begun {
            self.at += count as usize;
            return;
        }
        let limbs = (count - begun) / LIMB_DIGITS;
        self.limbs = &self.limbs[..self.limbs.len() - limbs as usize];
        self.at = self.group.len();
        let within = ((count - begun) % LIMB_DIGITS) as usize;
        if within > 0 {
            self.begin_limb();
            self.at += within;
        }
    }

    /// Writes the next characters, as many as fit and are left; returns how many.
    fn fill(&mut self, block: &mut [u8]) -> usize {
        let mut filled = self.drain_group(block);
        for slot in block[filled..].chunks_exact_mut(DIGITS) {
            let Some((&limb, rest)) = self.limbs.split_last() else {
                return filled;
            };
            // Only reached with no limb begun: the slots begin where the group ended.
            slot.copy_from_slice(&digits_of(limb));
            self.limbs = rest;
            filled += DIGITS;
        }
        if filled < block.len() && self.at == self.group.len() {
            self.begin_limb();
            filled += self.drain_group(&mut block[filled..]);
        }
        filled
    }

    fn drain_group(&mut self, block: &mut [u8]) -> usize {
        let count = block.len().min(self.group.len() - self.at);
        block[..count].copy_from_slice(&self.group[self.at..self.at + count]);
        self.at += count;
        count
    }

    fn begin_limb(&mut self) {
        if let Some((&limb, rest)) = self.limbs.split_last() {
            self.group[1..].copy_from_slice(&digits_of(limb));
            self.at = 1;
            self.limbs = rest;
        }
    }
}

/// The 18 digits of a limb.
#[inline(always)]
fn digits_of(limb: u64) -> [u8; DIGITS] {
    const HALF: u64 = 1_000_000_000;
    let mut digits = [0; DIGITS];
    for (half, digits) in [limb / HALF, limb % HALF].into_iter().zip(digits.chunks_exact_mut(DIGITS / 2)) {
        digits[0] = b'0' + (half / 100_000_000) as u8;
        digits[1..].copy_from_slice(&eight_digits(half % 100_000_000));
    }
    digits
}

/// The digits of x < 10⁸, all at once: halved in one word to fours, pairs and single digits.
#[inline(always)]
fn eight_digits(x: u64) -> [u8; 8] {
    let fours = (x / 10_000) | ((x % 10_000) << 32);
    // q = ⌊y/100⌋ for y < 10⁴, and then ⌊y/10⌋ for y < 100, in each part of the word.
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    let digits = tens | ((pairs - 10 * tens) << 8);
    (digits + 0x3030_3030_3030_3030).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_quarters_of_a_half_are_right() {
        for quarter in 0..10_000 {
            for x in [quarter, 10_000 * quarter, 10_000 * quarter + 9_999 - quarter] {
                assert_eq!(eight_digits(x).as_slice(), format!("{x:08}").as_bytes());
            }
        }
        for limb in [0, 1, 999_999_999, 1_000_000_000, 123_456_789_012_345_678, 999_999_999_999_999_999] {
            assert_eq!(digits_of(limb).as_slice(), format!("{limb:018}").as_bytes());
        }
    }
}
