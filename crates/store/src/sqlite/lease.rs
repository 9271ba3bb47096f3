//! Leases: taking, prolonging and giving them back.

use std::time::Duration;

use async_trait::async_trait;
use model::{Failure, FailureReason, Progress, Status, Subject, Timestamp, WorkerId};
use sqlx::sqlite::SqliteConnection;

use super::record::fail;
use super::standing::{database_now, standing};
use super::writer::{Change, Desk};
use crate::row::{Leased, Standing, calculation_columns, column};
use crate::rules::{Counted, POISONED_AT, counted, doubled, fraction, milliseconds};
use crate::{Lease, LeaseResult, Release, RenewResult};

pub(super) struct Take {
    pub(super) subject: Subject,
    pub(super) worker: WorkerId,
    pub(super) lease: Duration,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Change for Take {
    type Answer = LeaseResult;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<LeaseResult> {
        let Some(found) = standing(desk.connection, &self.subject.to_string()).await? else {
            return Ok(LeaseResult::Unknown);
        };
        let running = match found.calculation.status() {
            Status::Queued => false,
            Status::Running => true,
            Status::Done | Status::Failed | Status::Cancelled => return Ok(LeaseResult::Finished(found.calculation)),
        };
        if running && let Ok(left_ms @ 1..) = u64::try_from(found.lease_left_ms) {
            return Ok(LeaseResult::Held { remaining: Duration::from_millis(left_ms) });
        }
        let lost_leases = found.lost_leases.saturating_add(i64::from(running));
        if lost_leases >= POISONED_AT {
            let attempts = found.calculation.attempt;
            let failure = Failure { reason: FailureReason::WorkersLost, attempts };
            let failed = fail(desk, &found, &failure, self.now).await?;
            return Ok(LeaseResult::Poisoned(failed));
        }
        let length = doubled(self.lease, lost_leases);
        let Leased { fence, errors, calculation } = self.take(desk.connection, &found, lost_leases, length).await?;
        let attempt = calculation.attempt;
        Ok(LeaseResult::Leased(Lease { subject: self.subject.clone(), fence, attempt, errors, length }, calculation))
    }
}

impl Take {
    async fn take(
        &self,
        connection: &mut SqliteConnection,
        found: &Standing,
        lost_leases: i64,
        length: Duration,
    ) -> sqlx::Result<Leased> {
        sqlx::query_as(concat!(
            "update calculations set status = 'running', fence = fence + 1, attempt = attempt + 1, lost_leases = ?2, \
             lease_ms = ?3, lease_until = ",
            database_now!(),
            " + ?3, worker = ?4, started_at = ?5, progress = 0, remaining_ms = null, waiting_for = null \
             where id = ?1 returning fence, errors, ",
            calculation_columns!(),
        ))
        .bind(found.id().0)
        .bind(lost_leases)
        .bind(milliseconds(length))
        .bind(&self.worker.0)
        .bind(self.now.unix_ms())
        .fetch_one(connection)
        .await
    }
}

pub(super) struct Renew {
    pub(super) lease: Lease,
    pub(super) progress: Progress,
}

#[async_trait]
impl Change for Renew {
    type Answer = RenewResult;

    fn is_durable(&self) -> bool {
        false
    }

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<RenewResult> {
        if self.prolong(desk.connection).await? {
            return Ok(RenewResult::Held);
        }
        let status = status(desk.connection, &self.lease.subject).await?;
        Ok(if status.as_deref() == Some(Status::Cancelled.as_str()) {
            RenewResult::Withdrawn
        } else {
            RenewResult::Lost
        })
    }
}

impl Renew {
    async fn prolong(&self, connection: &mut SqliteConnection) -> sqlx::Result<bool> {
        sqlx::query(concat!(
            "update calculations set lease_until = ",
            database_now!(),
            " + lease_ms, progress = ?3, remaining_ms = ?4 where subject = ?1 and fence = ?2 and status = 'running'",
        ))
        .bind(self.lease.subject.to_string())
        .bind(self.lease.fence)
        .bind(fraction(self.progress))
        .bind(self.progress.remaining_ms.map(column))
        .execute(connection)
        .await
        .map(|updated| updated.rows_affected() > 0)
    }
}

async fn status(connection: &mut SqliteConnection, subject: &Subject) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select status from calculations where subject = ?")
        .bind(subject.to_string())
        .fetch_optional(connection)
        .await
}

pub(super) struct GiveBack {
    pub(super) lease: Lease,
    pub(super) release: Release,
}

#[async_trait]
impl Change for GiveBack {
    type Answer = bool;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<bool> {
        let Counted { attempts, errors, waiting_for } = counted(self.release);
        sqlx::query(
            "update calculations set status = 'queued', attempt = max(attempt + ?3, 0), errors = errors + ?4, \
             lost_leases = case when ?4 > 0 then 0 else lost_leases end, waiting_for = ?5, lease_until = null, \
             worker = null, started_at = null, progress = null, remaining_ms = null \
             where subject = ?1 and fence = ?2 and status = 'running'",
        )
        .bind(self.lease.subject.to_string())
        .bind(self.lease.fence)
        .bind(attempts)
        .bind(errors)
        .bind(waiting_for)
        .execute(&mut *desk.connection)
        .await
        .map(|updated| updated.rows_affected() > 0)
    }
}

pub(super) struct VoidLeases;

#[async_trait]
impl Change for VoidLeases {
    type Answer = u64;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<u64> {
        sqlx::query(
            "update calculations set status = 'queued', lost_leases = lost_leases + 1, lease_until = null, \
             worker = null, started_at = null, progress = null, remaining_ms = null where status = 'running'",
        )
        .execute(&mut *desk.connection)
        .await
        .map(|updated| updated.rows_affected())
    }
}
