//! How calculations end: with a value, or with a reason. And what becomes of values later.

use std::collections::{HashMap, HashSet};

use model::{Calculation, Failure, FailureReason, Subject, Timestamp, ValueState};
use sqlx::postgres::PgConnection;

use super::standing::{database_now, forget_asks, hold, hold_all};
use crate::row::{Standing, Whole, calculation_columns, column, value_state_word};
use crate::rules::is_short;
use crate::{CompleteResult, CompletedValue, Lease, Placement, StoredObject};

/// Records values; gives what each found, in their order.
pub(super) async fn record_values(
    connection: &mut PgConnection,
    recorded: &[CompletedValue],
) -> sqlx::Result<Vec<CompleteResult>> {
    let subjects: Vec<String> = recorded.iter().map(|recorded| recorded.subject.to_string()).collect();
    let held: HashMap<Subject, Standing> = hold_all(connection, subjects).await?;
    let (mut new, mut odd, mut found) = (Vec::new(), Vec::new(), HashMap::new());
    let mut seen = HashSet::new();
    for (at, recorded) in recorded.iter().enumerate() {
        match held.get(&recorded.subject) {
            None => drop(found.insert(at, CompleteResult::Unknown)),
            // What the others did to the same row is seen after them.
            Some(_) if !seen.insert(&recorded.subject) => odd.push((at, recorded)),
            Some(row) if contradicts(row, recorded) => odd.push((at, recorded)),
            Some(row) if row.calculation.is_readable() => {
                found.insert(at, CompleteResult::AlreadyKnown(row.calculation.clone()));
            }
            Some(_) => new.push((at, recorded)),
        }
    }
    let mut done = set_done(connection, new.iter().map(|(_, recorded)| *recorded)).await?;
    for (at, recorded) in new {
        let calculation = done.remove(&recorded.subject).ok_or(sqlx::Error::RowNotFound)?;
        found.insert(at, CompleteResult::Recorded(calculation));
    }
    for (at, recorded) in odd {
        found.insert(at, complete(connection, recorded).await?);
    }
    (0..recorded.len()).map(|at| found.remove(&at).ok_or(sqlx::Error::RowNotFound)).collect()
}

async fn complete(connection: &mut PgConnection, recorded: &CompletedValue) -> sqlx::Result<CompleteResult> {
    let Some(found) = hold(connection, &recorded.subject).await? else {
        return Ok(CompleteResult::Unknown);
    };
    if contradicts(&found, recorded) {
        let attempts = found.calculation.attempt.max(1);
        let failure = Failure { reason: FailureReason::Contradiction, attempts };
        return fail_row(connection, &found, &failure, recorded.finished_at).await.map(CompleteResult::Contradiction);
    }
    if found.calculation.is_readable() {
        return Ok(CompleteResult::AlreadyKnown(found.calculation));
    }
    record_at_once(connection, recorded).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Records the value of a row that simply waits for it, in one statement. Gives nothing, and has changed nothing, if
/// there is more to say of that row.
pub(super) async fn record_at_once(
    connection: &mut PgConnection,
    recorded: &CompletedValue,
) -> sqlx::Result<Option<CompleteResult>> {
    let done = set_done(connection, std::iter::once(recorded)).await?;
    Ok(done.into_values().next().map(CompleteResult::Recorded))
}

fn contradicts(found: &Standing, recorded: &CompletedValue) -> bool {
    found.known_sha256.is_some_and(|known| known != recorded.sha256)
}

pub(super) async fn fail(
    connection: &mut PgConnection,
    subject: &Subject,
    lease: Option<&Lease>,
    failure: &Failure,
    now: Timestamp,
) -> sqlx::Result<Option<Calculation>> {
    match hold(connection, subject).await? {
        Some(found) if found.is_held_by(lease) => fail_row(connection, &found, failure, now).await.map(Some),
        _ => Ok(None),
    }
}

/// Gives a row up, whoever holds it. Its text, if there was one, is served no more.
pub(super) async fn fail_row(
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

/// Makes rows done whose values are not there and do not differ from what was known; gives those.
///
/// Asks for them end, and texts are put where they belong. On a connection without a transaction this is one of its
/// own, as quick as any: many rows are to be held before, in the order that all hold them.
async fn set_done<'a>(
    connection: &mut PgConnection,
    rows: impl Iterator<Item = &'a CompletedValue> + Clone,
) -> sqlx::Result<HashMap<Subject, Calculation>> {
    if rows.clone().next().is_none() {
        return Ok(HashMap::new());
    }
    let text = |recorded: &'a CompletedValue| match &recorded.placement {
        Placement::Inline(text) => Some(text.as_str()),
        Placement::Object => None,
    };
    let state = |recorded: &CompletedValue| match recorded.placement {
        Placement::Inline(_) => value_state_word(ValueState::Inline),
        Placement::Object => value_state_word(ValueState::Object),
    };
    let done: Vec<Whole> = sqlx::query_as(concat!(
        "with new as ( \
             select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], \
             $7::bigint[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[]) \
             as t (new_subject, new_digits, new_first, new_last, new_sha256, new_size, took_ms, new_state, \
             new_short, new_long, began_at, ended_at) \
         ), done as ( \
             update calculations set status = 'done', digits = new_digits, first_digits = new_first, \
             last_digits = new_last, sha256 = new_sha256, size_bytes = new_size, compute_ms = took_ms, \
             value_state = new_state, short_text = new_short, started_at = began_at, finished_at = ended_at, \
             read_at = ended_at, attempt = greatest(attempt, 1), lost_leases = 0, lease_until = null, worker = null, \
             progress = null, remaining_ms = null, waiting_for = null, failure = null, failure_attempts = null \
             from new where subject = new_subject and (sha256 is null or sha256 = new_sha256) \
             and (status <> 'done' or value_state = 'evicted') returning calculations.*, new_long \
         ), forgotten as (delete from asks using done where calculation_id = done.id \
         ), texts as ( \
             insert into value_texts (calculation_id, text) select id, new_long from done where new_long is not null \
             on conflict (calculation_id) do update set text = excluded.text \
         ) select ",
        calculation_columns!(),
        " from done",
    ))
    .bind(rows.clone().map(|recorded| recorded.subject.to_string()).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| column(recorded.digits)).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| recorded.first_digits.as_str()).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| recorded.last_digits.as_str()).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| recorded.sha256.0.as_slice()).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| column(recorded.size_bytes)).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| column(recorded.compute_ms)).collect::<Vec<_>>())
    .bind(rows.clone().map(state).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| text(recorded).filter(|_| is_short(recorded))).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| text(recorded).filter(|_| !is_short(recorded))).collect::<Vec<_>>())
    .bind(rows.clone().map(|recorded| recorded.started_at.unix_ms()).collect::<Vec<_>>())
    .bind(rows.map(|recorded| recorded.finished_at.unix_ms()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(done.into_iter().map(|Whole(calculation)| (calculation.subject.clone(), calculation)).collect())
}

pub(super) async fn touch(connection: &mut PgConnection, subjects: &[Subject], now: Timestamp) -> sqlx::Result<()> {
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

pub(super) async fn mark_evicted(connection: &mut PgConnection, object: &StoredObject) -> sqlx::Result<()> {
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
pub(super) async fn mark_lost(
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
