//! Settings that are numbers with a unit in their name.

use std::time::Duration;

use super::groups::Rate;

/// Why a text is not such a number.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnitError {
    /// Not a whole number within the limits.
    #[error("a whole number from {least} to {most} is wanted")]
    Whole {
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// Not a whole number of milliseconds within the limits.
    #[error("a whole number of milliseconds from {least} to {most} is wanted")]
    Milliseconds {
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// Neither a number nor `off`.
    #[error("a number above 0 and up to 1000000 is wanted, or `off`")]
    Rate,
}

/// Reads a whole number from `least` to `most`.
pub(super) fn whole(least: u64, most: u64) -> impl Fn(&str) -> Result<u64, UnitError> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(UnitError::Whole { least, most }),
    }
}

/// Reads a whole number of milliseconds from `least` to `most`.
pub(super) fn milliseconds(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<Duration, UnitError> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(ms) if (least..=most).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err(UnitError::Milliseconds { least, most }),
    }
}

/// Reads seconds of work a minute, or `off`.
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
        let read = whole(1, 10);
        assert_eq!((read("1"), read("10")), (Ok(1), Ok(10)));
        for text in ["0", "11", "-1", "1e1", "x", ""] {
            assert_eq!(read(text), Err(UnitError::Whole { least: 1, most: 10 }), "{text:?}");
        }
    }

    #[test]
    fn milliseconds_stay_within_their_limits() {
        let read = milliseconds(100, 60_000);
        assert_eq!(read("100"), Ok(Duration::from_millis(100)));
        for text in ["99", "60001", "-1", "1.5", "2s", ""] {
            assert_eq!(read(text), Err(UnitError::Milliseconds { least: 100, most: 60_000 }), "{text:?}");
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
