//! The index n of F(n): a signed 64-bit integer with one spelling.

use std::fmt;
use std::str::FromStr;

use crate::serde_as_text::serde_as_text;

/// The n of F(n).
///
/// Its text is canonical, `-?(0|[1-9][0-9]{0,18})` without `-0`, so that one number has one row, one
/// path and one cache key. It travels as a string in JSON: 2^53 is not enough for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(i64);

/// Error for a text that is not an index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The text is empty.
    #[error("no index was given")]
    Empty,
    /// Not the canonical text of an integer. `meant` is the canonical one where it is obvious.
    #[error("not a whole number in plain digits")]
    NotCanonical {
        /// The index that was probably meant.
        meant: Option<Index>,
    },
    /// A whole number, but beyond 64 bits.
    #[error("a whole number beyond 64 bits")]
    Overflow,
}

impl Index {
    /// The smallest index, −2^63.
    pub const MIN: Self = Self(i64::MIN);
    /// The largest index, 2^63 − 1.
    pub const MAX: Self = Self(i64::MAX);

    /// Creates an index.
    pub const fn new(n: i64) -> Self {
        Self(n)
    }

    /// Returns the number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns |n|, which determines size and cost.
    pub const fn magnitude(self) -> u64 {
        self.0.unsigned_abs()
    }
}

impl From<i64> for Index {
    fn from(n: i64) -> Self {
        Self(n)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Index {
    type Err = IndexError;

    fn from_str(text: &str) -> Result<Self, IndexError> {
        if text.is_empty() {
            return Err(IndexError::Empty);
        }
        if !is_canonical(text) {
            return Err(IndexError::NotCanonical { meant: meant(text) });
        }
        text.parse().map(Self).map_err(|_| IndexError::Overflow)
    }
}

fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.starts_with('0') && (digits.len() > 1 || digits.len() < text.len());
    !digits.is_empty() && !leading_zero && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Parses other texts of an integer: spaces around it, a plus, leading zeros, `1.0`. Not `1.000`, which may also
/// mean one thousand.
fn meant(text: &str) -> Option<Index> {
    let text = text.trim();
    let text = match text.strip_prefix('+') {
        Some(unsigned) if unsigned.starts_with('-') => return None,
        Some(unsigned) => unsigned,
        None => text,
    };
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.len() != 3 && zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Index)
}

serde_as_text!(Index);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn canonical_texts_are_parsed() {
        for text in ["0", "7", "-1", "1000000", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(text.parse::<Index>().map(|n| n.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn other_texts_of_an_integer_are_errors_with_the_canonical_one() {
        for (text, plain) in [(" 7 ", 7), ("007", 7), ("+7", 7), ("-0", 0), ("1.0", 1), ("-08", -8), ("7\n", 7)] {
            let meant = Some(Index(plain));
            assert_eq!(text.parse::<Index>(), Err(IndexError::NotCanonical { meant }), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in [
            "abc", "1e3", "1.5", "1.000", "0x28", "40abc", "-", "--1", "Infinity", "٧", "１", "1\u{0}", ".", "+-1", " ",
        ] {
            assert_eq!(text.parse::<Index>(), Err(IndexError::NotCanonical { meant: None }), "{text:?}");
        }
        assert_eq!("".parse::<Index>(), Err(IndexError::Empty));
    }

    #[test]
    fn numbers_beyond_64_bits_overflow() {
        for text in ["9223372036854775808", "-9223372036854775809", "99999999999999999999999"] {
            assert_eq!(text.parse::<Index>(), Err(IndexError::Overflow), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_index_round_trips(n: i64) {
            prop_assert_eq!(Index(n).to_string().parse(), Ok(Index(n)));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            if let Ok(index) = text.parse::<Index>() {
                prop_assert_eq!(index.to_string(), text);
            }
        }
    }
}
