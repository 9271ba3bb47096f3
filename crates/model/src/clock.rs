//! Timestamps and clocks.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A source of the current time. The executable uses the system's clock; tests use a fixed one.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// A point in time, in milliseconds since 1970 UTC; its text is RFC 3339 with milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Error for a text that is not an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time")]
pub struct TimestampError;

impl Timestamp {
    /// Creates a timestamp from milliseconds since 1970 UTC.
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Returns the milliseconds since 1970 UTC.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        // Clamped to the years that RFC 3339 can express.
        let seconds = self.0.div_euclid(1000).clamp(-62_167_219_200, 253_402_300_799);
        let at = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
        let at = at + time::Duration::milliseconds(self.0.rem_euclid(1000));
        f.write_str(&at.format(form).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError)?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).map(Self).map_err(|_| TimestampError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_milliseconds() {
        let at = Timestamp::from_unix_ms(1_763_941_827_123);
        assert_eq!(at.to_string(), "2025-11-23T23:50:27.123Z");
        assert_eq!(at.to_string().parse(), Ok(at));
        assert_eq!(Timestamp::from_unix_ms(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_timestamp_can_be_written() {
        for ms in [i64::MIN, i64::MAX] {
            assert!(Timestamp::from_unix_ms(ms).to_string().ends_with('Z'));
        }
    }
}
