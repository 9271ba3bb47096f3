//! What both databases decide alike.

use std::time::Duration;

use model::{AskToken, Progress, Value};
use sha2::{Digest, Sha256};

use crate::{CompletedValue, Release};

/// So many leases lost in a row fail a row.
pub(crate) const POISONED_AT: i64 = 5;
/// Doubling a lease stops here.
const LONGEST_LEASE: Duration = Duration::from_secs(60);
/// Counts of asks stop here: far above any true count, and low enough that a sum of two stays an integer.
pub(crate) const MOST_ASKS: i64 = 1 << 53;

/// The length of a lease after so many were lost in a row.
pub(crate) fn doubled(lease: Duration, lost_leases: i64) -> Duration {
    let times = u32::try_from(lost_leases).ok().and_then(|lost| 1_u32.checked_shl(lost)).unwrap_or(u32::MAX);
    lease.saturating_mul(times).min(lease.max(LONGEST_LEASE))
}

/// A length of a lease as databases hold it.
pub(crate) fn milliseconds(length: Duration) -> i64 {
    // A lease of nothing could never be renewed in time.
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4).clamp(1, i64::MAX / 4)
}

/// The share done, whatever was reported.
pub(crate) fn fraction(progress: Progress) -> f64 {
    if progress.fraction.is_nan() { 0.0 } else { progress.fraction.clamp(0.0, 1.0) }
}

/// What giving a lease back does to the counts.
pub(crate) struct Counted {
    pub(crate) attempts: i64,
    pub(crate) errors: i64,
    pub(crate) waiting_for: Option<&'static str>,
}

/// What counts as nothing takes the attempt off again, and leaves the leases lost in a row as they are: a
/// job that kills its workers must not be saved by one that only waited for memory.
pub(crate) fn counted(release: Release) -> Counted {
    match release {
        Release::HandBack => Counted { attempts: -1, errors: 0, waiting_for: None },
        Release::Waiting(reason) => Counted { attempts: -1, errors: 0, waiting_for: Some(reason.as_str()) },
        Release::Error => Counted { attempts: 0, errors: 1, waiting_for: Some(model::WaitingFor::Retry.as_str()) },
    }
}

/// Whether a text is part of every answer, and so lies in the row itself.
pub(crate) fn is_short(recorded: &CompletedValue) -> bool {
    recorded.digits <= Value::TEXT_DIGITS
}

/// What is kept of a token.
pub(crate) fn token_sha256(ask: &AskToken) -> Vec<u8> {
    Sha256::digest(ask.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_doubles_up_to_a_minute_and_never_shrinks() {
        let seconds = Duration::from_secs;
        assert_eq!(doubled(seconds(2), 0), seconds(2));
        assert_eq!(doubled(seconds(2), 3), seconds(16));
        assert_eq!(doubled(seconds(2), 5), seconds(60));
        assert_eq!(doubled(seconds(2), 100), seconds(60));
        assert_eq!(doubled(seconds(90), 1), seconds(90));
    }
}
