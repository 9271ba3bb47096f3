//! Leases: taking, prolonging and giving them back.

use std::time::Duration;

use model::{Failure, FailureReason, Progress, Status, Subject, Timestamp, WorkerId};
use sqlx::postgres::PgConnection;

use super::record::fail_row;
use super::standing::{database_now, hold};
use crate::row::{Leased, Standing, calculation_columns, column};
use crate::rules::{Counted, POISONED_AT, counted, doubled, fraction, milliseconds};
use crate::{Lease, LeaseResult, Release, RenewResult};

pub(super) async fn take(
    connection: &mut PgConnection,
    subject: &Subject,
    worker: &WorkerId,
    lease: Duration,
    now: Timestamp,
) -> sqlx::Result<LeaseResult> {
    let Some(found) = hold(connection, subject).await? else {
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
        let failure = Failure { reason: FailureReason::WorkersLost, attempts: found.calculation.attempt };
        return fail_row(connection, &found, &failure, now).await.map(LeaseResult::Poisoned);
    }
    let length = doubled(lease, lost_leases);
    let leased = set_running(connection, &found, worker, lost_leases, length, now).await?;
    let Leased { fence, errors, calculation } = leased;
    let lease = Lease { subject: subject.clone(), fence, attempt: calculation.attempt, errors, length };
    Ok(LeaseResult::Leased(lease, calculation))
}

async fn set_running(
    connection: &mut PgConnection,
    found: &Standing,
    worker: &WorkerId,
    lost_leases: i64,
    length: Duration,
    now: Timestamp,
) -> sqlx::Result<Leased> {
    sqlx::query_as(concat!(
        "update calculations set status = 'running', fence = fence + 1, attempt = attempt + 1, lost_leases = $2, \
         lease_ms = $3, lease_until = ",
        database_now!(),
        " + $3, worker = $4, started_at = $5, progress = 0, remaining_ms = null, waiting_for = null \
         where id = $1 returning fence, errors, ",
        calculation_columns!(),
    ))
    .bind(found.id().0)
    .bind(lost_leases)
    .bind(milliseconds(length))
    .bind(&worker.0)
    .bind(now.unix_ms())
    .fetch_one(connection)
    .await
}

pub(super) async fn renew(
    connection: &mut PgConnection,
    lease: &Lease,
    progress: Progress,
) -> sqlx::Result<RenewResult> {
    if prolong(connection, lease, progress).await? {
        return Ok(RenewResult::Held);
    }
    let status = status(connection, &lease.subject).await?;
    Ok(if status.as_deref() == Some(Status::Cancelled.as_str()) { RenewResult::Withdrawn } else { RenewResult::Lost })
}

async fn prolong(connection: &mut PgConnection, lease: &Lease, progress: Progress) -> sqlx::Result<bool> {
    sqlx::query(concat!(
        "update calculations set lease_until = ",
        database_now!(),
        " + lease_ms, progress = $3, remaining_ms = $4 where subject = $1 and fence = $2 and status = 'running'",
    ))
    .bind(lease.subject.to_string())
    .bind(lease.fence)
    .bind(fraction(progress))
    .bind(progress.remaining_ms.map(column))
    .execute(connection)
    .await
    .map(|updated| updated.rows_affected() > 0)
}

async fn status(connection: &mut PgConnection, subject: &Subject) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select status from calculations where subject = $1")
        .bind(subject.to_string())
        .fetch_optional(connection)
        .await
}

pub(super) async fn release(connection: &mut PgConnection, lease: &Lease, release: Release) -> sqlx::Result<bool> {
    let Counted { attempts, errors, waiting_for } = counted(release);
    sqlx::query(
        "update calculations set status = 'queued', attempt = greatest(attempt + $3, 0), errors = errors + $4, \
         lost_leases = case when $4 > 0 then 0 else lost_leases end, waiting_for = $5, lease_until = null, \
         worker = null, started_at = null, progress = null, remaining_ms = null \
         where subject = $1 and fence = $2 and status = 'running'",
    )
    .bind(lease.subject.to_string())
    .bind(lease.fence)
    .bind(attempts)
    .bind(errors)
    .bind(waiting_for)
    .execute(connection)
    .await
    .map(|updated| updated.rows_affected() > 0)
}
