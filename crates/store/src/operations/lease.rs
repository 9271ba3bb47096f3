//! Taking, renewing and returning leases.

use std::time::Duration;

use model::{Progress, Status, Subject, Timestamp, WorkerId};

use super::Operation;
use crate::rules::{LeaseDecision, decide_lease, is_held_by, release_effect};
use crate::sql::Statements;
use crate::{Lease, LeaseResult, Release, RenewResult};

/// Takes a lease.
pub(crate) struct TakeLease {
    pub(crate) subject: Subject,
    pub(crate) worker: WorkerId,
    pub(crate) lease: Duration,
    pub(crate) now: Timestamp,
}

impl Operation for TakeLease {
    type Answer = LeaseResult;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<LeaseResult> {
        let Some(row) = statements.lock_one(&self.subject).await? else {
            return Ok(LeaseResult::Unknown);
        };
        Ok(match decide_lease(&row, self.lease) {
            LeaseDecision::Finished => LeaseResult::Finished(row.calculation),
            LeaseDecision::Held { remaining } => LeaseResult::Held { remaining },
            LeaseDecision::Shorten { remaining } => {
                statements.restart_lease(row.id()).await?;
                LeaseResult::Held { remaining }
            }
            LeaseDecision::Poisoned(failure) => {
                LeaseResult::Poisoned(statements.set_failed(&row, &failure, self.now).await?)
            }
            LeaseDecision::Grant(new) => {
                let calculation = statements.set_running(row.id(), new, &self.worker, self.now).await?;
                let lease = Lease {
                    subject: self.subject.clone(),
                    fence: row.fence.saturating_add(1),
                    attempt: calculation.attempt,
                    errors: row.errors,
                    length: new.length,
                };
                LeaseResult::Leased(lease, calculation)
            }
        })
    }
}

/// Renews a lease.
pub(crate) struct RenewLease {
    pub(crate) lease: Lease,
    pub(crate) progress: Progress,
}

impl Operation for RenewLease {
    type Answer = RenewResult;

    const DURABLE: bool = false;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<RenewResult> {
        if statements.extend_lease(&self.lease, self.progress).await? {
            return Ok(RenewResult::Held);
        }
        let mut rows = statements.find(std::slice::from_ref(&self.lease.subject)).await?;
        let status = rows.remove(&self.lease.subject).map(|row| row.calculation.status());
        Ok(if status == Some(Status::Cancelled) { RenewResult::Withdrawn } else { RenewResult::Lost })
    }
}

/// Returns a lease.
pub(crate) struct ReleaseLease {
    pub(crate) lease: Lease,
    pub(crate) release: Release,
}

impl Operation for ReleaseLease {
    type Answer = bool;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<bool> {
        match statements.lock_one(&self.lease.subject).await? {
            Some(row) if is_held_by(&row, Some(&self.lease)) => {
                statements.set_released(row.id(), release_effect(self.release)).await.map(|()| true)
            }
            _ => Ok(false),
        }
    }
}

/// Counts every lease as lost and queues its row. Returns their number.
pub(crate) struct VoidLeases;

impl Operation for VoidLeases {
    type Answer = u64;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<u64> {
        statements.void_leases().await
    }
}
