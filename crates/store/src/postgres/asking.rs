//! Counting who asks, and withdrawing.

use model::{AskToken, Calculation, CalculationId, Subject, Timestamp};
use sqlx::postgres::PgConnection;

use super::standing::hold;
use crate::WithdrawResult;
use crate::row::{Whole, calculation_columns, column};
use crate::rules::{MOST_ASKS, token_sha256};

pub(super) async fn add_requests(connection: &mut PgConnection, asks: &[(Subject, u64)]) -> sqlx::Result<()> {
    // Locked in one order by all, so that two of these never wait for each other in a circle.
    sqlx::query(
        "with asking as ( \
             select subject, sum(asks) as asks from unnest($1::text[], $2::bigint[]) as t (subject, asks) \
             group by subject \
         ), held as materialized ( \
             select id, subject from calculations where subject = any($1) order by id for no key update \
         ) update calculations set asked = least(asked + asking.asks, $3)::bigint \
         from held join asking using (subject) where calculations.id = held.id",
    )
    .bind(asks.iter().map(|(subject, _)| subject.to_string()).collect::<Vec<_>>())
    .bind(asks.iter().map(|(_, asks)| column(*asks)).collect::<Vec<_>>())
    .bind(MOST_ASKS)
    .execute(connection)
    .await
    .map(drop)
}

pub(super) async fn withdraw(
    connection: &mut PgConnection,
    subject: &Subject,
    ask: &AskToken,
    now: Timestamp,
) -> sqlx::Result<WithdrawResult> {
    let Some(found) = hold(connection, subject).await? else {
        return Ok(WithdrawResult::Unknown);
    };
    if found.calculation.status().is_final() {
        return Ok(WithdrawResult::Conflict(found.calculation));
    }
    let withdrawn = delete_ask(connection, found.id(), ask).await?;
    let still_asked = has_asks(connection, found.id()).await?;
    Ok(match (withdrawn, still_asked) {
        (false, true) => WithdrawResult::Forbidden,
        // Without a single token it was never dear enough to be withdrawn.
        (false, false) => WithdrawResult::Conflict(found.calculation),
        (true, true) => WithdrawResult::StillAsked(found.calculation),
        (true, false) if found.unwithdrawable => WithdrawResult::StillAsked(found.calculation),
        (true, false) => WithdrawResult::Cancelled(cancel(connection, found.id(), now).await?),
    })
}

async fn delete_ask(connection: &mut PgConnection, id: CalculationId, ask: &AskToken) -> sqlx::Result<bool> {
    sqlx::query("delete from asks where calculation_id = $1 and token_sha256 = $2")
        .bind(id.0)
        .bind(token_sha256(ask))
        .execute(connection)
        .await
        .map(|deleted| deleted.rows_affected() > 0)
}

async fn has_asks(connection: &mut PgConnection, id: CalculationId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from asks where calculation_id = $1)")
        .bind(id.0)
        .fetch_one(connection)
        .await
}

async fn cancel(connection: &mut PgConnection, id: CalculationId, now: Timestamp) -> sqlx::Result<Calculation> {
    sqlx::query_as(concat!(
        "update calculations set status = 'cancelled', finished_at = $2, lease_until = null, worker = null, \
         progress = null, remaining_ms = null, waiting_for = null where id = $1 returning ",
        calculation_columns!(),
    ))
    .bind(id.0)
    .bind(now.unix_ms())
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}
