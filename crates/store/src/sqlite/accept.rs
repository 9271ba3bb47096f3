//! Entering calculations, counting who asks, and withdrawing.

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Subject, Timestamp};
use sqlx::sqlite::SqliteConnection;

use super::standing::standing;
use super::writer::{Change, Desk};
use crate::row::{Whole, calculation_columns, column};
use crate::rules::{MOST_ASKS, token_sha256};
use crate::{NewCalculation, SubmitResult, WithdrawResult};

pub(super) struct Accept(pub(super) NewCalculation);

/// What came of an acceptance; a full queue is an answer, not a reason to undo what shares the transaction.
pub(super) enum Admission {
    Admitted(SubmitResult),
    QueueFull { allowed: u64 },
}

#[async_trait]
impl Change for Accept {
    type Answer = Admission;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Admission> {
        let Self(acceptance) = self;
        let allowed = desk.limits.max_queued;
        let found = standing(desk.connection, &acceptance.subject.to_string()).await?;
        if let Some(known) = &found
            && known.calculation.is_readable()
        {
            return Ok(Admission::Admitted(SubmitResult::Known(known.calculation.clone())));
        }
        if let Some(pending) = &found
            && !pending.calculation.status().is_final()
        {
            let id = pending.id();
            match &acceptance.ask {
                Some(ask) => insert_ask(desk.connection, id, ask).await?,
                None if pending.unwithdrawable => {}
                None => make_unwithdrawable(desk.connection, id).await?,
            }
            return Ok(Admission::Admitted(SubmitResult::Pending(pending.calculation.clone())));
        }
        if desk.unfinished >= allowed {
            return Ok(Admission::QueueFull { allowed });
        }
        let queued = match &found {
            Some(finished) => requeue(desk.connection, finished.id(), acceptance).await?,
            None => insert(desk.connection, acceptance).await?,
        };
        if let Some(ask) = &acceptance.ask {
            insert_ask(desk.connection, queued.id, ask).await?;
        }
        desk.unfinished += 1;
        Ok(Admission::Admitted(SubmitResult::Queued(queued)))
    }
}

async fn insert(connection: &mut SqliteConnection, acceptance: &NewCalculation) -> sqlx::Result<Calculation> {
    let NewCalculation { subject, digits, lane, ask, traceparent, now } = acceptance;
    sqlx::query_as(concat!(
        "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, \
         traceparent) values (?1, ?2, 'queued', ?3, ?4, ?5, ?5, ?6, ?7) returning ",
        calculation_columns!(),
    ))
    .bind(subject.to_string())
    .bind(subject.index().get())
    .bind(lane.as_str())
    .bind(column(*digits))
    .bind(now.unix_ms())
    .bind(ask.is_none())
    .bind(traceparent.map(|trace| trace.to_string()))
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}

/// Queues a finished row again. What is known of its value stays, and the new one must agree with it.
async fn requeue(
    connection: &mut SqliteConnection,
    id: CalculationId,
    acceptance: &NewCalculation,
) -> sqlx::Result<Calculation> {
    let NewCalculation { subject: _, digits, lane, ask, traceparent, now } = acceptance;
    sqlx::query_as(concat!(
        "update calculations set status = 'queued', lane = ?2, digits = ?3, queued_at = ?4, unwithdrawable = ?5, \
         traceparent = ?6, started_at = null, finished_at = null, attempt = 0, errors = 0, lost_leases = 0, \
         waiting_for = null, failure = null, failure_attempts = null where id = ?1 returning ",
        calculation_columns!(),
    ))
    .bind(id.0)
    .bind(lane.as_str())
    .bind(column(*digits))
    .bind(now.unix_ms())
    .bind(ask.is_none())
    .bind(traceparent.map(|trace| trace.to_string()))
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}

async fn insert_ask(connection: &mut SqliteConnection, id: CalculationId, ask: &AskToken) -> sqlx::Result<()> {
    sqlx::query("insert into asks (calculation_id, token_sha256) values (?, ?) on conflict do nothing")
        .bind(id.0)
        .bind(token_sha256(ask))
        .execute(connection)
        .await
        .map(drop)
}

async fn make_unwithdrawable(connection: &mut SqliteConnection, id: CalculationId) -> sqlx::Result<()> {
    sqlx::query("update calculations set unwithdrawable = true where id = ?")
        .bind(id.0)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) struct CountAsks(pub(super) Vec<(Subject, u64)>);

#[async_trait]
impl Change for CountAsks {
    type Answer = ();

    fn is_durable(&self) -> bool {
        false
    }

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<()> {
        for (subject, asks) in &self.0 {
            sqlx::query("update calculations set asked = min(asked + ?2, ?3) where subject = ?1")
                .bind(subject.to_string())
                .bind(column(*asks).min(MOST_ASKS))
                .bind(MOST_ASKS)
                .execute(&mut *desk.connection)
                .await?;
        }
        Ok(())
    }
}

pub(super) struct Withdraw {
    pub(super) subject: Subject,
    pub(super) ask: AskToken,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Change for Withdraw {
    type Answer = WithdrawResult;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<WithdrawResult> {
        let Some(found) = standing(desk.connection, &self.subject.to_string()).await? else {
            return Ok(WithdrawResult::Unknown);
        };
        if found.calculation.status().is_final() {
            return Ok(WithdrawResult::Conflict(found.calculation));
        }
        let id = found.id();
        let withdrawn = delete_ask(desk.connection, id, &self.ask).await?;
        let still_asked = has_asks(desk.connection, id).await?;
        Ok(match (withdrawn, still_asked) {
            (false, true) => WithdrawResult::Forbidden,
            // Without a single token it was never dear enough to be withdrawn.
            (false, false) => WithdrawResult::Conflict(found.calculation),
            (true, true) => WithdrawResult::StillAsked(found.calculation),
            (true, false) if found.unwithdrawable => WithdrawResult::StillAsked(found.calculation),
            (true, false) => {
                desk.unfinished = desk.unfinished.saturating_sub(1);
                WithdrawResult::Cancelled(cancel(desk.connection, id, self.now).await?)
            }
        })
    }
}

async fn delete_ask(connection: &mut SqliteConnection, id: CalculationId, ask: &AskToken) -> sqlx::Result<bool> {
    sqlx::query("delete from asks where calculation_id = ? and token_sha256 = ?")
        .bind(id.0)
        .bind(token_sha256(ask))
        .execute(connection)
        .await
        .map(|deleted| deleted.rows_affected() > 0)
}

async fn has_asks(connection: &mut SqliteConnection, id: CalculationId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select 1 from asks where calculation_id = ?)")
        .bind(id.0)
        .fetch_one(connection)
        .await
}

async fn cancel(connection: &mut SqliteConnection, id: CalculationId, now: Timestamp) -> sqlx::Result<Calculation> {
    sqlx::query_as(concat!(
        "update calculations set status = 'cancelled', finished_at = ?2, lease_until = null, worker = null, \
         progress = null, remaining_ms = null, waiting_for = null where id = ?1 returning ",
        calculation_columns!(),
    ))
    .bind(id.0)
    .bind(now.unix_ms())
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}
