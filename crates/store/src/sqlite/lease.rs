//! Leases: taking, prolonging and giving them back.

use std::time::Duration;

use async_trait::async_trait;
use model::{Calculation, Failure, FailureReason, Progress, Status, Subject, Timestamp, WorkerId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use super::record::fail;
use super::standing::{Standing, Whole, database_now, standing};
use super::writer::{Change, Desk};
use crate::row::{calculation_columns, column};
use crate::{Claiming, Lease, Release, Renewal};

/// So many leases lost in a row fail a row.
const POISONED_AT: i64 = 5;
/// Doubling a lease stops here.
const LONGEST_LEASE: Duration = Duration::from_secs(60);

pub(super) struct Take {
    pub(super) subject: Subject,
    pub(super) worker: WorkerId,
    pub(super) lease: Duration,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Change for Take {
    type Answer = Claiming;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Claiming> {
        let Some(found) = standing(desk.connection, &self.subject.to_string()).await? else {
            return Ok(Claiming::Unknown);
        };
        let running = match found.calculation.status() {
            Status::Queued => false,
            Status::Running => true,
            Status::Done | Status::Failed | Status::Cancelled => return Ok(Claiming::Finished(found.calculation)),
        };
        if running && let Ok(left_ms @ 1..) = u64::try_from(found.lease_left_ms) {
            return Ok(Claiming::Held { remaining: Duration::from_millis(left_ms) });
        }
        let lost_leases = found.lost_leases.saturating_add(i64::from(running));
        if lost_leases >= POISONED_AT {
            let attempts = found.calculation.attempt;
            let failure = Failure { reason: FailureReason::WorkersLost, attempts };
            let failed = fail(desk, &found, &failure, self.now).await?;
            return Ok(Claiming::Poisoned(failed));
        }
        let length = doubled(self.lease, lost_leases);
        let Leased { fence, errors, calculation } = self.take(desk.connection, &found, lost_leases, length).await?;
        let attempt = calculation.attempt;
        Ok(Claiming::Leased(Lease { subject: self.subject.clone(), fence, attempt, errors, length }, calculation))
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

struct Leased {
    fence: i64,
    errors: u32,
    calculation: Calculation,
}

impl<'r> FromRow<'r, SqliteRow> for Leased {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let Whole(calculation) = Whole::from_row(row)?;
        Ok(Self { fence: row.try_get("fence")?, errors: row.try_get("errors")?, calculation })
    }
}

fn doubled(lease: Duration, lost_leases: i64) -> Duration {
    let times = u32::try_from(lost_leases).ok().and_then(|lost| 1_u32.checked_shl(lost)).unwrap_or(u32::MAX);
    lease.saturating_mul(times).min(lease.max(LONGEST_LEASE))
}

fn milliseconds(length: Duration) -> i64 {
    // A lease of nothing could never be renewed in time.
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4).clamp(1, i64::MAX / 4)
}

pub(super) struct Renew {
    pub(super) lease: Lease,
    pub(super) progress: Progress,
}

#[async_trait]
impl Change for Renew {
    type Answer = Renewal;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Renewal> {
        if self.prolong(desk.connection).await? {
            return Ok(Renewal::Held);
        }
        let status = status(desk.connection, &self.lease.subject).await?;
        Ok(if status.as_deref() == Some(Status::Cancelled.as_str()) { Renewal::Withdrawn } else { Renewal::Lost })
    }
}

impl Renew {
    async fn prolong(&self, connection: &mut SqliteConnection) -> sqlx::Result<bool> {
        let Progress { fraction, remaining_ms } = self.progress;
        let fraction = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
        sqlx::query(concat!(
            "update calculations set lease_until = ",
            database_now!(),
            " + lease_ms, progress = ?3, remaining_ms = ?4 where subject = ?1 and fence = ?2 and status = 'running'",
        ))
        .bind(self.lease.subject.to_string())
        .bind(self.lease.fence)
        .bind(fraction)
        .bind(remaining_ms.map(column))
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
        // What counts as nothing takes the attempt off again, and leaves the leases lost in a row as they
        // are: a job that kills its workers must not be saved by one that only waited for memory.
        let (attempts, errors, waiting_for) = match self.release {
            Release::HandBack => (-1, 0, None),
            Release::Waiting(reason) => (-1, 0, Some(reason.as_str())),
            Release::Error => (0, 1, Some(model::WaitingFor::Retry.as_str())),
        };
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
