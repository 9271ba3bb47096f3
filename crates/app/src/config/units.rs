//! Parsers of numeric settings.

use std::time::Duration;

use model::{Expression, ExpressionError};

/// Seconds of work that one address may submit per minute; `None` without a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(pub(crate) Option<f64>);

/// Error for a text that is not such a number.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnitError {
    /// A number that can be read in two ways.
    #[error(transparent)]
    Ambiguous(ExpressionError),
    /// Not a whole number within the limits.
    #[error("expected a whole number from {least} to {most}")]
    Whole {
        /// The minimum.
        least: u64,
        /// The maximum.
        most: u64,
    },
    /// Not a whole number of milliseconds within the limits.
    #[error("expected a whole number of milliseconds from {least} to {most}")]
    Milliseconds {
        /// The minimum.
        least: u64,
        /// The maximum.
        most: u64,
    },
    /// Neither a number nor `off`.
    #[error("expected a number above 0 and up to 1000000, or `off`")]
    Rate,
}

/// Returns a parser of whole numbers from `least` to `most`.
pub(super) fn whole(least: u64, most: u64) -> impl Fn(&str) -> Result<u64, UnitError> + Clone + Send + Sync + 'static {
    move |text| match parse_whole(text)? {
        Some(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(UnitError::Whole { least, most }),
    }
}

/// Returns a parser of whole milliseconds from `least` to `most`.
pub(super) fn milliseconds(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<Duration, UnitError> + Clone + Send + Sync + 'static {
    move |text| match parse_whole(text)? {
        Some(ms) if (least..=most).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err(UnitError::Milliseconds { least, most }),
    }
}

/// Parses a whole number, also as an expression (`1e6`, `2^20`). Returns `None` for other texts.
fn parse_whole(text: &str) -> Result<Option<u64>, UnitError> {
    match Expression::evaluate(text) {
        Ok(number) => Ok(u64::try_from(&number).ok()),
        Err(error @ (ExpressionError::Ambiguous { .. } | ExpressionError::Grouping { .. })) => {
            Err(UnitError::Ambiguous(error))
        }
        Err(_) => Ok(None),
    }
}

/// Parses seconds of work per minute, or `off`.
pub(super) fn rate(text: &str) -> Result<Rate, UnitError> {
    if text == "off" {
        return Ok(Rate(None));
    }
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1_000_000.0 => Ok(Rate(Some(rate))),
        _ => Err(UnitError::Rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_stays_within_its_limits() {
        let parse = whole(1, 10);
        assert_eq!((parse("1"), parse("10"), parse("1e1")), (Ok(1), Ok(10), Ok(10)));
        let ambiguous = parse("1.000").expect_err("two meanings").to_string();
        assert!(ambiguous.contains("Did you mean 1000?"), "{ambiguous}");
        for text in ["0", "11", "-1", "1e2", "x", ""] {
            assert_eq!(parse(text), Err(UnitError::Whole { least: 1, most: 10 }), "{text:?}");
        }
    }

    #[test]
    fn milliseconds_stay_within_their_limits() {
        let parse = milliseconds(100, 60_000);
        assert_eq!(parse("100"), Ok(Duration::from_millis(100)));
        for text in ["99", "60001", "-1", "1.5", "2s", ""] {
            assert_eq!(parse(text), Err(UnitError::Milliseconds { least: 100, most: 60_000 }), "{text:?}");
        }
    }

    #[test]
    fn a_rate_is_a_number_or_off() {
        assert_eq!(rate("off"), Ok(Rate(None)));
        assert_eq!(rate("0.5"), Ok(Rate(Some(0.5))));
        for text in ["0", "-1", "nan", "inf", "1e9", "on", ""] {
            assert_eq!(rate(text), Err(UnitError::Rate), "{text:?}");
        }
    }
}
