//! The duration of a lease.

use std::time::Duration;

/// The longest lease that losses alone lead to.
const MAX_LEASE: Duration = Duration::from_secs(60);

/// Returns the length of the next lease on a job whose last `lost` leases expired in a row.
///
/// Each loss doubles `lease`, up to 60 s: on an overloaded machine short leases would expire again and again.
///
/// ```
/// # use std::time::Duration;
/// let lease = Duration::from_secs(2);
/// assert_eq!(model::lease_after_losses(lease, 3), Duration::from_secs(16));
/// ```
pub fn lease_after_losses(lease: Duration, lost: u32) -> Duration {
    let doubled = lease.saturating_mul(1_u32.checked_shl(lost).unwrap_or(u32::MAX));
    doubled.min(MAX_LEASE.max(lease))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_doubles_the_lease_up_to_a_minute() {
        let lease = Duration::from_secs(2);
        let leases: Vec<u64> = (0..7).map(|lost| lease_after_losses(lease, lost).as_secs()).collect();
        assert_eq!(leases, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(lease_after_losses(lease, u32::MAX), MAX_LEASE);
    }

    #[test]
    fn a_lease_above_a_minute_stays_as_it_is() {
        assert_eq!(lease_after_losses(Duration::from_secs(90), 3), Duration::from_secs(90));
        assert_eq!(lease_after_losses(Duration::MAX, 3), Duration::MAX);
    }
}
