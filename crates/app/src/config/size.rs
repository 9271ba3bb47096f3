//! Sizes in bytes with units: `512MiB`, `2GB`, `65536`.

use std::fmt;
use std::str::FromStr;

use fibonacci::IBig;
use model::{Expression, ExpressionError};

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ByteSize(pub(crate) u64);

/// Error for a text that is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ByteSizeError {
    /// A number that can be read in two ways.
    #[error(transparent)]
    Ambiguous(ExpressionError),
    /// Not a whole number followed by a unit.
    #[error(
        "expected a whole number of bytes, with or without a unit: kB, MB, GB, TB, KiB, MiB, GiB, TiB (512MiB, 2GB, 65536)"
    )]
    Malformed,
    /// Zero.
    #[error("the size must be at least 1 byte")]
    Zero,
    /// Beyond 64 bits.
    #[error("the size must be below 2^64 bytes")]
    Overflow,
}

/// Longer units first, so that `B` does not swallow the end of `MiB`.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let text = text.trim();
        let unit_start = text.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |last| last + 1);
        let (number, unit) = match text.get(unit_start..) {
            Some("") | None => (text, ""),
            Some(unit) => (text[..unit_start].trim_end(), unit),
        };
        let find = |(name, _): &&(&str, u64)| name.eq_ignore_ascii_case(unit);
        let factor = if unit.is_empty() { Some(1) } else { UNITS.iter().find(find).map(|(_, factor)| *factor) };
        let factor = factor.ok_or(ByteSizeError::Malformed)?;
        let number = match Expression::evaluate(number) {
            Ok(number) if number < IBig::ZERO => return Err(ByteSizeError::Malformed),
            Ok(number) => u64::try_from(&number).map_err(|_| ByteSizeError::Overflow)?,
            Err(ExpressionError::Overflow) => return Err(ByteSizeError::Overflow),
            Err(error @ (ExpressionError::Ambiguous { .. } | ExpressionError::Grouping { .. })) => {
                return Err(ByteSizeError::Ambiguous(error));
            }
            Err(_) => return Err(ByteSizeError::Malformed),
        };
        match number.checked_mul(factor) {
            None => Err(ByteSizeError::Overflow),
            Some(0) => Err(ByteSizeError::Zero),
            Some(bytes) => Ok(Self(bytes)),
        }
    }
}

/// In the largest binary unit that keeps it above one, to a tenth.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS[..4].iter().rev().find(|(_, factor)| self.0 >= *factor);
        match unit {
            None => write!(f, "{} B", self.0),
            Some((name, factor)) => {
                let tenths = u128::from(self.0) * 10 / u128::from(*factor);
                write!(f, "{}.{} {name}", tenths / 10, tenths % 10)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_and_without_a_unit() {
        for (text, bytes) in [
            ("1", 1),
            ("65536", 65_536),
            ("10B", 10),
            ("16KiB", 16 << 10),
            ("512MiB", 512 << 20),
            ("512 mib", 512 << 20),
            ("2GB", 2_000_000_000),
            ("3TiB", 3 << 40),
            ("1e9", 1_000_000_000),
            ("2^20", 1 << 20),
            ("1 000 kB", 1_000_000),
            ("1.5e3 MB", 1_500_000_000),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "MiB", "-1", "1.5GB", "0x10", "10 parsecs", "1GBs", "٣MB"] {
            assert_eq!(text.parse::<ByteSize>(), Err(ByteSizeError::Malformed), "{text:?}");
        }
        let ambiguous = "1.000 kB".parse::<ByteSize>().expect_err("two meanings").to_string();
        assert!(ambiguous.contains("Did you mean 1000?"), "{ambiguous}");
        assert_eq!("0GB".parse::<ByteSize>(), Err(ByteSizeError::Zero));
        for text in ["18446744073709551616", "18446744073709551615kB", "99999999TiB"] {
            assert_eq!(text.parse::<ByteSize>(), Err(ByteSizeError::Overflow), "{text:?}");
        }
    }

    #[test]
    fn a_size_is_shown_in_a_unit_that_fits() {
        for (bytes, text) in [(1, "1 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (u64::MAX, "16777215.9 TiB")] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }
}
