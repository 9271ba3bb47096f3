//! How calculations end: with a value, or with a reason. And what becomes of values later.

use model::{Calculation, CalculationId, Failure, FailureReason, Subject, Timestamp, ValueState};
use sqlx::postgres::PgConnection;

use super::standing::{database_now, forget_asks, hold};
use crate::row::{Standing, Whole, calculation_columns, column, value_state_word};
use crate::rules::is_short;
use crate::{Lease, Placement, RecordedValue, Recording, StoredObject};

pub(super) async fn record_value(connection: &mut PgConnection, recorded: &RecordedValue) -> sqlx::Result<Recording> {
    let Some(found) = hold(connection, &recorded.subject).await? else {
        return Ok(Recording::Unknown);
    };
    if found.known_sha256.is_some_and(|known| known != recorded.sha256) {
        let attempts = found.calculation.attempt.max(1);
        let failure = Failure { reason: FailureReason::Contradiction, attempts };
        let failed = fail(connection, &found, &failure, recorded.finished_at).await?;
        delete_text(connection, found.id()).await?;
        return Ok(Recording::Contradiction(failed));
    }
    if found.calculation.is_readable() {
        return Ok(Recording::AlreadyKnown(found.calculation));
    }
    forget_asks(connection, found.id()).await?;
    if let Placement::Inline(text) = &recorded.placement
        && !is_short(recorded)
    {
        insert_text(connection, found.id(), text).await?;
    }
    set_done(connection, found.id(), recorded).await.map(Recording::Recorded)
}

pub(super) async fn record_failure(
    connection: &mut PgConnection,
    subject: &Subject,
    lease: Option<&Lease>,
    failure: &Failure,
    now: Timestamp,
) -> sqlx::Result<Option<Calculation>> {
    match hold(connection, subject).await? {
        Some(found) if found.is_held_by(lease) => fail(connection, &found, failure, now).await.map(Some),
        _ => Ok(None),
    }
}

/// Gives a row up, whoever holds it. Its text, if there was one, is served no more.
pub(super) async fn fail(
    connection: &mut PgConnection,
    found: &Standing,
    failure: &Failure,
    now: Timestamp,
) -> sqlx::Result<Calculation> {
    forget_asks(connection, found.id()).await?;
    sqlx::query_as(concat!(
        "update calculations set status = 'failed', failure = $2, failure_attempts = $3, \
         attempt = greatest(attempt, $3), finished_at = $4, lease_until = null, worker = null, progress = null, \
         remaining_ms = null, waiting_for = null, short_text = null, \
         value_state = case when value_state is null then null else 'evicted' end where id = $1 returning ",
        calculation_columns!(),
    ))
    .bind(found.id().0)
    .bind(failure.reason.as_str())
    .bind(i64::from(failure.attempts))
    .bind(now.unix_ms())
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}

async fn set_done(
    connection: &mut PgConnection,
    id: CalculationId,
    recorded: &RecordedValue,
) -> sqlx::Result<Calculation> {
    let (state, short_text) = match &recorded.placement {
        Placement::Inline(text) => (ValueState::Inline, is_short(recorded).then_some(text)),
        Placement::Object => (ValueState::Object, None),
    };
    sqlx::query_as(concat!(
        "update calculations set status = 'done', digits = $2, first_digits = $3, last_digits = $4, sha256 = $5, \
         size_bytes = $6, compute_ms = $7, value_state = $8, short_text = $9, started_at = $10, \
         finished_at = $11, read_at = $11, attempt = greatest(attempt, 1), lost_leases = 0, lease_until = null, \
         worker = null, progress = null, remaining_ms = null, waiting_for = null, failure = null, \
         failure_attempts = null where id = $1 returning ",
        calculation_columns!(),
    ))
    .bind(id.0)
    .bind(column(recorded.digits))
    .bind(&recorded.first_digits)
    .bind(&recorded.last_digits)
    .bind(recorded.sha256.0.as_slice())
    .bind(column(recorded.size_bytes))
    .bind(column(recorded.compute_ms))
    .bind(value_state_word(state))
    .bind(short_text)
    .bind(recorded.started_at.unix_ms())
    .bind(recorded.finished_at.unix_ms())
    .fetch_one(connection)
    .await
    .map(|Whole(calculation)| calculation)
}

async fn insert_text(connection: &mut PgConnection, id: CalculationId, text: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into value_texts (calculation_id, text) values ($1, $2) \
         on conflict (calculation_id) do update set text = excluded.text",
    )
    .bind(id.0)
    .bind(text)
    .execute(connection)
    .await
    .map(drop)
}

async fn delete_text(connection: &mut PgConnection, id: CalculationId) -> sqlx::Result<()> {
    sqlx::query("delete from value_texts where calculation_id = $1").bind(id.0).execute(connection).await.map(drop)
}

pub(super) async fn note_reads(
    connection: &mut PgConnection,
    subjects: &[Subject],
    now: Timestamp,
) -> sqlx::Result<()> {
    // Locked in one order by all, so that two of these never wait for each other in a circle.
    sqlx::query(
        "with held as materialized ( \
             select id from calculations where subject = any($1) and value_state = 'object' \
             order by id for no key update \
         ) update calculations set read_at = greatest(read_at, $2) from held where calculations.id = held.id",
    )
    .bind(subjects.iter().map(ToString::to_string).collect::<Vec<_>>())
    .bind(now.unix_ms())
    .execute(connection)
    .await
    .map(drop)
}

pub(super) async fn note_eviction(connection: &mut PgConnection, object: &StoredObject) -> sqlx::Result<()> {
    sqlx::query(
        "update calculations set value_state = 'evicted' \
         where subject = $1 and sha256 = $2 and value_state = 'object' and status = 'done'",
    )
    .bind(object.subject.to_string())
    .bind(object.sha256.0.as_slice())
    .execute(connection)
    .await
    .map(drop)
}

/// Nobody asked, so nobody holds a token: the repair must not end with the next withdrawal. It is queued
/// above the limit too, because its value was promised long ago.
pub(super) async fn note_loss(
    connection: &mut PgConnection,
    object: &StoredObject,
) -> sqlx::Result<Option<Calculation>> {
    let queued = sqlx::query_as(concat!(
        "update calculations set status = 'queued', value_state = 'evicted', queued_at = ",
        database_now!(),
        ", unwithdrawable = true, started_at = null, finished_at = null, attempt = 0, errors = 0, \
         lost_leases = 0 where subject = $1 and sha256 = $2 and value_state = 'object' and status = 'done' \
         returning ",
        calculation_columns!(),
    ))
    .bind(object.subject.to_string())
    .bind(object.sha256.0.as_slice())
    .fetch_optional(connection)
    .await?;
    Ok(queued.map(|Whole(calculation)| calculation))
}
