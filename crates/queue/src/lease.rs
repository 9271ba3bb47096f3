//! How long a delivery is its holder's.

use std::time::Duration;

/// No lease is doubled beyond this.
const LONGEST: Duration = Duration::from_secs(60);

/// The lease of a job that `lost` holders in a row let go without a word.
///
/// Each loss doubles it: on a starved machine leases that are too short would be lost for ever.
pub(crate) fn stretched(lease: Duration, lost: u32) -> Duration {
    let doubled = lease.saturating_mul(1_u32.checked_shl(lost).unwrap_or(u32::MAX));
    doubled.min(LONGEST.max(lease))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_doubles_the_lease_up_to_a_minute() {
        let lease = Duration::from_secs(2);
        let leases: Vec<u64> = (0..7).map(|lost| stretched(lease, lost).as_secs()).collect();
        assert_eq!(leases, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(stretched(lease, u32::MAX), LONGEST);
    }

    #[test]
    fn a_longer_lease_than_that_is_kept_as_it_is() {
        assert_eq!(stretched(Duration::from_secs(90), 3), Duration::from_secs(90));
        assert_eq!(stretched(Duration::MAX, 3), Duration::MAX);
    }
}
