//! How calculations end: with a value, or with a reason. And what becomes of values later.

use async_trait::async_trait;
use model::{Calculation, CalculationId, Failure, FailureReason, Subject, Timestamp, ValueState};
use sqlx::sqlite::SqliteConnection;

use super::standing::{database_now, forget_asks, standing};
use super::writer::{Change, Desk};
use crate::row::{Standing, Whole, calculation_columns, column, value_state_word};
use crate::rules::is_short;
use crate::{CompleteResult, CompletedValue, Lease, Placement, StoredObject};

pub(super) struct RecordValue(pub(super) CompletedValue);

#[async_trait]
impl Change for RecordValue {
    type Answer = CompleteResult;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<CompleteResult> {
        let Self(recorded) = self;
        let Some(found) = standing(desk.connection, &recorded.subject.to_string()).await? else {
            return Ok(CompleteResult::Unknown);
        };
        if found.known_sha256.is_some_and(|known| known != recorded.sha256) {
            let attempts = found.calculation.attempt.max(1);
            let failure = Failure { reason: FailureReason::Contradiction, attempts };
            return fail(desk, &found, &failure, recorded.finished_at).await.map(CompleteResult::Contradiction);
        }
        if found.calculation.is_readable() {
            return Ok(CompleteResult::AlreadyKnown(found.calculation));
        }
        leave_queue(desk, &found).await?;
        if let Placement::Inline(text) = &recorded.placement
            && !is_short(recorded)
        {
            insert_text(desk.connection, found.id(), text).await?;
        }
        Ok(CompleteResult::Recorded(set_done(desk.connection, found.id(), recorded).await?))
    }
}

pub(super) struct RecordFailure {
    pub(super) subject: Subject,
    pub(super) lease: Option<Lease>,
    pub(super) failure: Failure,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Change for RecordFailure {
    type Answer = Option<Calculation>;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Option<Calculation>> {
        let Some(found) = standing(desk.connection, &self.subject.to_string()).await? else {
            return Ok(None);
        };
        if !found.is_held_by(self.lease.as_ref()) {
            return Ok(None);
        }
        fail(desk, &found, &self.failure, self.now).await.map(Some)
    }
}

/// Gives a row up, whoever holds it. Its text, if there was one, is served no more.
pub(super) async fn fail(
    desk: &mut Desk<'_>,
    found: &Standing,
    failure: &Failure,
    now: Timestamp,
) -> sqlx::Result<Calculation> {
    leave_queue(desk, found).await?;
    sqlx::query_as(concat!(
        "update calculations set status = 'failed', failure = ?2, failure_attempts = ?3, \
         attempt = max(attempt, ?3), finished_at = ?4, lease_until = null, worker = null, progress = null, \
         remaining_ms = null, waiting_for = null, short_text = null, \
         value_state = case when value_state is null then null else 'evicted' end where id = ?1 returning ",
        calculation_columns!(),
    ))
    .bind(found.id().0)
    .bind(failure.reason.as_str())
    .bind(failure.attempts)
    .bind(now.unix_ms())
    .fetch_one(&mut *desk.connection)
    .await
    .map(|Whole(calculation)| calculation)
}

async fn leave_queue(desk: &mut Desk<'_>, found: &Standing) -> sqlx::Result<()> {
    if found.calculation.status().is_final() {
        return Ok(());
    }
    desk.unfinished = desk.unfinished.saturating_sub(1);
    forget_asks(desk.connection, found.id()).await
}

async fn set_done(
    connection: &mut SqliteConnection,
    id: CalculationId,
    recorded: &CompletedValue,
) -> sqlx::Result<Calculation> {
    let (state, short_text) = match &recorded.placement {
        Placement::Inline(text) => (ValueState::Inline, is_short(recorded).then_some(text)),
        Placement::Object => (ValueState::Object, None),
    };
    sqlx::query_as(concat!(
        "update calculations set status = 'done', digits = ?2, first_digits = ?3, last_digits = ?4, sha256 = ?5, \
         size_bytes = ?6, compute_ms = ?7, value_state = ?8, short_text = ?9, started_at = ?10, finished_at = ?11, \
         read_at = ?11, attempt = max(attempt, 1), lost_leases = 0, lease_until = null, worker = null, \
         progress = null, remaining_ms = null, waiting_for = null, failure = null, failure_attempts = null \
         where id = ?1 returning ",
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

async fn insert_text(connection: &mut SqliteConnection, id: CalculationId, text: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into value_texts (calculation_id, text) values (?, ?) \
         on conflict (calculation_id) do update set text = excluded.text",
    )
    .bind(id.0)
    .bind(text)
    .execute(connection)
    .await
    .map(drop)
}

pub(super) struct NoteReads {
    pub(super) subjects: Vec<Subject>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Change for NoteReads {
    type Answer = ();

    fn is_durable(&self) -> bool {
        false
    }

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<()> {
        for subject in &self.subjects {
            sqlx::query(
                "update calculations set read_at = max(coalesce(read_at, 0), ?2) \
                 where subject = ?1 and value_state = 'object'",
            )
            .bind(subject.to_string())
            .bind(self.now.unix_ms())
            .execute(&mut *desk.connection)
            .await?;
        }
        Ok(())
    }
}

pub(super) struct NoteEviction(pub(super) StoredObject);

#[async_trait]
impl Change for NoteEviction {
    type Answer = ();

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<()> {
        sqlx::query(
            "update calculations set value_state = 'evicted' \
             where subject = ? and sha256 = ? and value_state = 'object' and status = 'done'",
        )
        .bind(self.0.subject.to_string())
        .bind(self.0.sha256.0.as_slice())
        .execute(&mut *desk.connection)
        .await
        .map(drop)
    }
}

pub(super) struct NoteLoss(pub(super) StoredObject);

#[async_trait]
impl Change for NoteLoss {
    type Answer = Option<Calculation>;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Option<Calculation>> {
        // Nobody asked, so nobody holds a token: the repair must not end with the next withdrawal. It is
        // queued above the limit too, because its value was promised long ago.
        let queued = sqlx::query_as(concat!(
            "update calculations set status = 'queued', value_state = 'evicted', queued_at = ",
            database_now!(),
            ", unwithdrawable = true, started_at = null, finished_at = null, attempt = 0, errors = 0, \
             lost_leases = 0 where subject = ? and sha256 = ? and value_state = 'object' and status = 'done' returning ",
            calculation_columns!(),
        ))
        .bind(self.0.subject.to_string())
        .bind(self.0.sha256.0.as_slice())
        .fetch_optional(&mut *desk.connection)
        .await?;
        if queued.is_some() {
            desk.unfinished = desk.unfinished.saturating_add(1);
        }
        Ok(queued.map(|Whole(calculation)| calculation))
    }
}
