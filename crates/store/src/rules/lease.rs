//! The effect on a row of taking, renewing or returning its lease.

use std::time::Duration;

use model::{Failure, FailureReason, Progress, Status, WaitingFor, lease_after_losses};

use crate::Release;
use crate::row::LockedRow;

/// Leases lost in a row that fail a row.
const POISONED_AT: u32 = 5;

/// The effect of taking a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LeaseDecision {
    /// Nothing: the row is finished.
    Finished,
    /// Nothing: another lease is held.
    Held { remaining: Duration },
    /// Sets the end of the held lease to its length from now: the clock was moved back, and no worker may wait longer
    /// than that. A worker that is alive renews it; that of a dead one expires.
    Shorten { remaining: Duration },
    /// Fails the row.
    Poisoned(Failure),
    /// Grants the lease.
    Grant(NewLease),
}

/// A lease to grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewLease {
    pub(crate) length: Duration,
    pub(crate) lost_leases: u32,
}

pub(crate) fn decide_lease(row: &LockedRow, lease: Duration) -> LeaseDecision {
    let is_running = match row.calculation.status() {
        Status::Queued => false,
        Status::Running => true,
        Status::Done | Status::Failed | Status::Cancelled => return LeaseDecision::Finished,
    };
    if is_running && !row.lease_remaining.is_zero() {
        let remaining = row.lease_remaining;
        return if row.is_lease_too_long {
            LeaseDecision::Shorten { remaining }
        } else {
            LeaseDecision::Held { remaining }
        };
    }
    let lost_leases = row.lost_leases.saturating_add(u32::from(is_running));
    if lost_leases >= POISONED_AT {
        let attempts = row.calculation.attempt;
        return LeaseDecision::Poisoned(Failure { reason: FailureReason::WorkersLost, attempts });
    }
    LeaseDecision::Grant(NewLease { length: lease_after_losses(lease, lost_leases), lost_leases })
}

/// Returns a lease's length as databases hold it, in milliseconds.
pub(crate) fn lease_ms(length: Duration) -> i64 {
    // A lease of 0 ms could never be renewed in time.
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4).clamp(1, i64::MAX / 4)
}

/// Returns the share done as databases hold it, from 0 to 1 whatever was reported.
pub(crate) fn progress_fraction(progress: Progress) -> f64 {
    if progress.fraction.is_nan() { 0.0 } else { progress.fraction.clamp(0.0, 1.0) }
}

/// The effect of returning a lease on the counts of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReleaseEffect {
    pub(crate) added_attempts: i64,
    pub(crate) added_errors: i64,
    pub(crate) waiting_for: Option<WaitingFor>,
}

/// A release that does not count takes the attempt off again and leaves the leases lost in a row: a job that kills its
/// workers must not be saved by a worker that only waited for memory.
pub(crate) fn release_effect(release: Release) -> ReleaseEffect {
    match release {
        Release::HandBack => ReleaseEffect { added_attempts: -1, added_errors: 0, waiting_for: None },
        Release::Waiting(reason) => ReleaseEffect { added_attempts: -1, added_errors: 0, waiting_for: Some(reason) },
        Release::Error => ReleaseEffect { added_attempts: 0, added_errors: 1, waiting_for: Some(WaitingFor::Retry) },
    }
}

#[cfg(test)]
mod tests {
    use model::ValueState;

    use super::super::fixtures::{cancelled, done, failed, queued, running};
    use super::*;

    #[test]
    fn a_lease_is_granted_where_work_is_left_and_nobody_holds_one() {
        let seconds = Duration::from_secs;
        let grant = |length, lost_leases| LeaseDecision::Grant(NewLease { length: seconds(length), lost_leases });
        let poisoned = LeaseDecision::Poisoned(Failure { reason: FailureReason::WorkersLost, attempts: 2 });
        let lost = |lost_leases, row| LockedRow { lost_leases, ..row };
        for (row, decision) in [
            (queued(), grant(2, 0)),
            (lost(3, queued()), grant(16, 3)),
            (running(), grant(4, 1)),
            (lost(3, running()), grant(32, 4)),
            (lost(4, running()), poisoned.clone()),
            (lost(5, queued()), poisoned),
            (LockedRow { lease_remaining: seconds(1), ..running() }, LeaseDecision::Held { remaining: seconds(1) }),
            (
                LockedRow { lease_remaining: seconds(2), is_lease_too_long: true, ..running() },
                LeaseDecision::Shorten { remaining: seconds(2) },
            ),
            (done(ValueState::Inline), LeaseDecision::Finished),
            (failed(), LeaseDecision::Finished),
            (cancelled(), LeaseDecision::Finished),
        ] {
            let shown = format!("{:?}, {} lost", row.calculation.state, row.lost_leases);
            assert_eq!(decide_lease(&row, seconds(2)), decision, "{shown}");
        }
    }

    #[test]
    fn what_databases_hold_stays_in_range() {
        for (length, ms) in [(Duration::ZERO, 1), (Duration::from_secs(2), 2_000), (Duration::MAX, i64::MAX / 4)] {
            assert_eq!(lease_ms(length), ms);
        }
        for (fraction, stored) in [(0.25, 0.25), (f64::NAN, 0.0), (f64::INFINITY, 1.0), (-1.0, 0.0)] {
            assert_eq!(progress_fraction(Progress { fraction, remaining_ms: None }), stored);
        }
    }
}
