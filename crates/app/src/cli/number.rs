//! Numbers as arguments. One rule reads them all: plain digits of any length, or an [`Expression`].

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use answers::{MAX_INDEX_DIGITS, MAX_MODULUS_DIGITS};
use fibonacci::{IBig, UBig};
use model::{Expression, ExpressionError};

/// An index of up to [`MAX_INDEX_DIGITS`] digits, for questions that need no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BigIndex(IBig);

/// Error for a text that is not a number, or not one that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NumberArgumentError {
    /// Not an expression.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// Too many digits.
    #[error("expected a whole number of up to {allowed} digits")]
    TooLong {
        /// The most digits.
        allowed: usize,
    },
    /// Not a modulus.
    #[error("expected a whole number above 0 of up to {MAX_MODULUS_DIGITS} digits")]
    Modulus,
    /// Below 0.
    #[error("expected a whole number from 0 on")]
    Negative,
    /// Not within the limits.
    #[error("expected a whole number from {least} to {most}")]
    Range {
        /// The minimum.
        least: String,
        /// The maximum.
        most: String,
    },
}

impl BigIndex {
    /// Returns the index.
    pub(crate) fn get(&self) -> &IBig {
        &self.0
    }

    /// Returns the index if it fits 64 bits.
    pub(crate) fn word(&self) -> Option<i64> {
        i64::try_from(&self.0).ok()
    }
}

impl FromStr for BigIndex {
    type Err = NumberArgumentError;

    fn from_str(text: &str) -> Result<Self, NumberArgumentError> {
        limited(text, MAX_INDEX_DIGITS).map(Self)
    }
}

/// Reads a whole number.
pub(crate) fn integer(text: &str) -> Result<IBig, NumberArgumentError> {
    let text = text.trim();
    // An expression has fewer characters than many a number.
    let number = if is_digits(text.strip_prefix('-').unwrap_or(text)) { text.parse().ok() } else { None };
    match number.map_or_else(|| Expression::evaluate(text), Ok) {
        Err(ExpressionError::Overflow) => Err(NumberArgumentError::TooLong { allowed: Expression::MAX_DIGITS }),
        result => Ok(result?),
    }
}

/// Reads a whole number of up to that many digits.
pub(super) fn limited(text: &str, allowed: usize) -> Result<IBig, NumberArgumentError> {
    // Longer texts are not worth reading.
    if text.len() > allowed.max(Expression::MAX_CHARACTERS) + 1 {
        return Err(NumberArgumentError::TooLong { allowed });
    }
    match integer(text) {
        Ok(number) if number.to_string().trim_start_matches('-').len() <= allowed => Ok(number),
        Ok(_) | Err(NumberArgumentError::TooLong { .. }) => Err(NumberArgumentError::TooLong { allowed }),
        Err(error) => Err(error),
    }
}

/// Reads a whole number from 0 on.
pub(crate) fn natural(text: &str) -> Result<UBig, NumberArgumentError> {
    UBig::try_from(integer(text)?).map_err(|_| NumberArgumentError::Negative)
}

/// Reads a modulus.
pub(crate) fn modulus(text: &str) -> Result<UBig, NumberArgumentError> {
    let number = UBig::try_from(limited(text, MAX_MODULUS_DIGITS)?);
    number.ok().filter(|modulus| !modulus.is_zero()).ok_or(NumberArgumentError::Modulus)
}

/// Returns the digits of a number from 0 on. Those that are given are not checked.
pub(crate) fn digits(text: String) -> Result<String, NumberArgumentError> {
    if is_digits(&text) || text.len() > Expression::MAX_CHARACTERS { Ok(text) } else { Ok(natural(&text)?.to_string()) }
}

/// Returns a parser of whole numbers within a range.
pub(crate) fn within<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, NumberArgumentError> + Clone + Send + Sync + 'static
where
    T: TryFrom<IBig> + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = match integer(text) {
            Ok(number) => T::try_from(number).ok().filter(|number| range.contains(number)),
            Err(NumberArgumentError::TooLong { .. }) => None,
            Err(error) => return Err(error),
        };
        let (least, most) = (range.start(), range.end());
        number.ok_or_else(|| NumberArgumentError::Range { least: least.to_string(), most: most.to_string() })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<BigIndex>().ok().map(|index| index.get().to_string())
    }

    #[test]
    fn indexes_of_any_size_are_understood() {
        let power = |zeros: usize| format!("1{}", "0".repeat(zeros));
        for (text, expected) in [
            ("2^20+1", "1048577".to_owned()),
            ("1e18", power(18)),
            ("10^1000", power(1000)),
            ("1e1000", power(1000)),
            ("-10^30", format!("-{}", power(30))),
            ("1,000,000,000,000,000,000,000", power(21)),
            (&"9".repeat(1_001), "9".repeat(1_001)),
            (&format!("-{}", "9".repeat(1_001)), format!("-{}", "9".repeat(1_001))),
        ] {
            assert_eq!(read(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_not_a_number_is_refused() {
        for text in ["10^1001", "1e99999999999999999999", &"9".repeat(1_002), "1^", "e5", "x", "", "10^-5", "2^2^100"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(modulus(&"9".repeat(10_000)).map(|modulus| modulus.to_string()), Ok("9".repeat(10_000)));
        for (text, expected) in [
            ("0", "above 0 of up to 10000 digits"),
            ("-1", "above 0"),
            ("10^10000", "up to 10000 digits"),
            ("x", "whole numbers"),
        ] {
            let error = modulus(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_number_within_a_range_is_read_by_the_same_rule() {
        let read = within(1..=u128::MAX);
        assert_eq!((read("1e30"), read("2^128-1")), (Ok(10_u128.pow(30)), Ok(u128::MAX)));
        for text in ["0", "-1", "2^128", "10^99999"] {
            let error = read(text).expect_err(text).to_string();
            assert_eq!(error, format!("expected a whole number from 1 to {}", u128::MAX), "{text}");
        }
        assert_eq!(digits("10^30".to_owned()), Ok(format!("1{}", "0".repeat(30))));
        assert_eq!(digits("5-7".to_owned()), Err(NumberArgumentError::Negative));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9eE^ ]{0,40}|.{0,40}") {
            let _: Option<String> = read(&text);
        }
    }
}
