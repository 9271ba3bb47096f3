//! The statements of a transaction in SQLite, where one row at a time costs no round trip.

use std::collections::HashMap;
use std::ops::Range;

use model::{AskToken, Calculation, CalculationId, Failure, Index, Progress, Subject, Timestamp, ValueState, WorkerId};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::row::{
    CalculationRow, DamagedRow, DoneRow, LockedColumns, LockedRow, RepairedRow, column, request_check,
    returned_columns, value_check, value_state_str,
};
use crate::rules::{MAX_REQUEST_COUNT, NewLease, QueueLimit, ReleaseEffect, is_short, token_sha256};
use crate::sql::Statements;
use crate::sql::queries::{FIND, impl_queries, unfinished_sql};
use crate::sql::shared::{locked_columns, single_row_statements};
use crate::{CompletedValue, InlineValue, Lease, NewCalculation, Placement, QueueCounts, StoredValue, Unfinished};

/// The clock that decides leases, in milliseconds since 1970.
macro_rules! now {
    () => {
        "cast(round(unixepoch('subsec') * 1000) as integer)"
    };
}

/// Reads through connections that cannot write.
pub(super) struct SqliteQueries(pub(super) SqlitePool);

impl_queries! {
    SqliteQueries, now!(),
    async fn find(&self, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
        let row: Option<CalculationRow> =
            sqlx::query_as(FIND).bind(subject.to_string()).fetch_optional(&mut *self.0.acquire().await?).await?;
        Ok(row.map(|row| row.of(subject)).transpose()?)
    }

    async fn find_batch(&self, subjects: &[Subject]) -> sqlx::Result<Vec<Calculation>> {
        let mut found = Vec::with_capacity(subjects.len());
        for subject in subjects {
            found.extend(crate::sql::Queries::find(self, subject).await?);
        }
        Ok(found)
    }
}

#[cfg(test)]
pub(super) const UNFINISHED: &str = unfinished_sql!(now!());

/// The statements of one transaction of the only writer.
pub(super) struct SqliteStatements<'c> {
    pub(super) connection: &'c mut SqliteConnection,
    pub(super) queue_limit: &'c QueueLimit,
}

impl Statements for SqliteStatements<'_> {
    const EXCLUSIVE: bool = true;

    single_row_statements!(now!());

    fn queue_limit(&self) -> &QueueLimit {
        self.queue_limit
    }

    async fn find(&mut self, subjects: &[Subject]) -> sqlx::Result<HashMap<Subject, LockedRow>> {
        let mut rows = HashMap::with_capacity(subjects.len());
        for subject in subjects {
            let columns: Option<LockedColumns> =
                sqlx::query_as(concat!("select ", locked_columns!(now!()), " from calculations where subject = $1",))
                    .bind(subject.to_string())
                    .fetch_optional(&mut *self.connection)
                    .await?;
            if let Some(columns) = columns {
                let row = LockedRow::try_from(columns)?;
                rows.insert(row.calculation.subject.clone(), row);
            }
        }
        Ok(rows)
    }

    async fn lock(&mut self, subjects: &[Subject]) -> sqlx::Result<HashMap<Subject, LockedRow>> {
        self.find(subjects).await
    }

    async fn tolerate_damaged_indexes(&mut self, is_tolerated: bool) -> sqlx::Result<()> {
        // Without this, an update fails if an index lacks the damaged values that it replaces. The schema is not written.
        let pragma = if is_tolerated { "pragma writable_schema = on" } else { "pragma writable_schema = off" };
        sqlx::query(pragma).execute(&mut *self.connection).await.map(drop)
    }

    async fn insert(&mut self, new: &[&NewCalculation]) -> sqlx::Result<Vec<Calculation>> {
        let mut inserted = Vec::with_capacity(new.len());
        for request in new {
            let NewCalculation { subject, digits, lane, ask, submitter, traceparent, now } = request;
            let id: Option<i64> = sqlx::query_scalar(
                "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, \
                 traceparent, request_check, submitter) values ($1, $2, 'queued', $3, $4, $5, $5, $6, $7, $8, $9) \
                 on conflict (subject) do nothing returning id",
            )
            .bind(subject.to_string())
            .bind(subject.fibonacci_index().map(Index::get))
            .bind(lane.as_str())
            .bind(column(*digits))
            .bind(now.unix_ms())
            .bind(ask.is_none())
            .bind(traceparent.map(|trace| trace.to_string()))
            .bind(request_check(subject, *digits))
            .bind(submitter.map(|submitter| submitter.to_string()))
            .fetch_optional(&mut *self.connection)
            .await?;
            inserted.extend(id.map(|id| request.inserted_as(id)));
        }
        Ok(inserted)
    }

    async fn requeue(&mut self, again: &[(CalculationId, &NewCalculation)]) -> sqlx::Result<Vec<Calculation>> {
        let mut queued = Vec::with_capacity(again.len());
        for (id, NewCalculation { subject, digits, lane, ask, submitter, traceparent, now }) in again {
            let row: CalculationRow = sqlx::query_as(concat!(
                "update calculations set status = 'queued', lane = $2, digits = $3, queued_at = $4, \
                 unwithdrawable = $5, traceparent = $6, request_check = $7, submitter = $8, started_at = null, finished_at = null, attempt = 0, \
                 errors = 0, lost_leases = 0, waiting_for = null, failure = null, failure_attempts = null \
                 where id = $1 returning ",
                returned_columns!(),
            ))
            .bind(id.0)
            .bind(lane.as_str())
            .bind(column(*digits))
            .bind(now.unix_ms())
            .bind(ask.is_none())
            .bind(traceparent.map(|trace| trace.to_string()))
            .bind(request_check(subject, *digits))
            .bind(submitter.map(|submitter| submitter.to_string()))
            .fetch_one(&mut *self.connection)
            .await?;
            queued.push(row.try_into()?);
        }
        Ok(queued)
    }

    async fn add_tokens(&mut self, tokens: &[(CalculationId, &AskToken)]) -> sqlx::Result<()> {
        for (id, ask) in tokens {
            sqlx::query("insert into asks (calculation_id, token_sha256) values ($1, $2) on conflict do nothing")
                .bind(id.0)
                .bind(token_sha256(ask))
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    async fn make_unwithdrawable(&mut self, ids: &[CalculationId]) -> sqlx::Result<()> {
        for id in ids {
            sqlx::query("update calculations set unwithdrawable = true where id = $1")
                .bind(id.0)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    async fn set_cancelled(&mut self, ids: &[CalculationId], now: Timestamp) -> sqlx::Result<Vec<Calculation>> {
        let mut cancelled = Vec::with_capacity(ids.len());
        for id in ids {
            sqlx::query("delete from asks where calculation_id = $1").bind(id.0).execute(&mut *self.connection).await?;
            let row: CalculationRow = sqlx::query_as(concat!(
                "update calculations set status = 'cancelled', finished_at = $2, submitter = null, lease_until = null, \
                 worker = null, progress = null, remaining_ms = null, waiting_for = null where id = $1 returning ",
                returned_columns!(),
            ))
            .bind(id.0)
            .bind(now.unix_ms())
            .fetch_one(&mut *self.connection)
            .await?;
            cancelled.push(row.try_into()?);
        }
        Ok(cancelled)
    }

    async fn set_done(&mut self, values: &[&CompletedValue]) -> sqlx::Result<Vec<Calculation>> {
        let mut done = Vec::with_capacity(values.len());
        for value in values {
            let (state, text) = match &value.placement {
                Placement::Inline(text) => (ValueState::Inline, Some(text)),
                Placement::Object => (ValueState::Object, None),
            };
            let row: Option<DoneRow> = sqlx::query_as(
                "update calculations set status = 'done', digits = $2, first_digits = $3, last_digits = $4, \
                 sha256 = $5, size_bytes = $6, compute_ms = $7, value_state = $8, short_text = $9, started_at = $10, \
                 finished_at = $11, read_at = $11, request_check = $12, value_check = $13, attempt = max(attempt, 1), submitter = null, lost_leases = 0, lease_until = null, \
                 worker = null, progress = null, remaining_ms = null, waiting_for = null, failure = null, \
                 failure_attempts = null where subject = $1 and (sha256 is null or sha256 = $5) \
                 and (status in ('queued', 'running') or status = 'done' and value_state = 'evicted') \
                 returning id, subject, asked, asked_at, queued_at, attempt",
            )
            .bind(value.subject.to_string())
            .bind(column(value.digits))
            .bind(&value.first_digits)
            .bind(&value.last_digits)
            .bind(value.sha256.0.as_slice())
            .bind(column(value.size_bytes))
            .bind(column(value.compute_ms))
            .bind(value_state_str(state))
            .bind(text.filter(|_| is_short(value)))
            .bind(value.started_at.unix_ms())
            .bind(value.finished_at.unix_ms())
            .bind(request_check(&value.subject, value.digits))
            .bind(value_check(
                &value.subject,
                value.sha256,
                value.size_bytes,
                &value.first_digits,
                &value.last_digits,
            ))
            .fetch_optional(&mut *self.connection)
            .await?;
            let Some(row) = row else { continue };
            let calculation = row.done_with(value)?;
            sqlx::query("delete from asks where calculation_id = $1")
                .bind(calculation.id.0)
                .execute(&mut *self.connection)
                .await?;
            if let Some(text) = text.filter(|_| !is_short(value)) {
                sqlx::query(
                    "insert into value_texts (calculation_id, text) values ($1, $2) \
                     on conflict (calculation_id) do update set text = excluded.text",
                )
                .bind(calculation.id.0)
                .bind(text)
                .execute(&mut *self.connection)
                .await?;
            }
            done.push(calculation);
        }
        Ok(done)
    }

    async fn add_requests(&mut self, requests: &[(Subject, u64)]) -> sqlx::Result<()> {
        for (subject, count) in requests {
            sqlx::query("update calculations set asked = min(asked + $2, $3) where subject = $1")
                .bind(subject.to_string())
                .bind(column(*count).min(MAX_REQUEST_COUNT))
                .bind(MAX_REQUEST_COUNT)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    async fn touch(&mut self, subjects: &[Subject], now: Timestamp) -> sqlx::Result<()> {
        for subject in subjects {
            sqlx::query(
                "update calculations set read_at = max(coalesce(read_at, 0), $2) \
                 where subject = $1 and (value_state = 'object' or value_state = 'inline' and digits > 1000 \
                 and read_at < $2 - 60000)",
            )
            .bind(subject.to_string())
            .bind(now.unix_ms())
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(())
    }
}
