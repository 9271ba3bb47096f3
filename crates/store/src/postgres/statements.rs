//! The statements of a transaction in PostgreSQL, many rows in one round trip.

use std::collections::HashMap;
use std::ops::Range;

use model::{AskToken, Calculation, CalculationId, Failure, Index, Progress, Subject, Timestamp, ValueState, WorkerId};
use sqlx::postgres::PgConnection;

use super::pool::Pool;
use crate::row::{
    CalculationRow, DamagedRow, KeyedDoneRow, LockedColumns, LockedRow, RepairedRow, calculation_columns, column,
    converted, has_row_check, request_check, returned_columns, value_check, value_state_str,
};
use crate::rules::{MAX_REQUEST_COUNT, NewLease, QueueLimit, ReleaseEffect, is_short, token_sha256};
use crate::sql::Statements;
use crate::sql::queries::{FIND, impl_queries, unfinished_sql};
use crate::sql::shared::{locked_columns, single_row_statements};
use crate::{CompletedValue, InlineValue, Lease, NewCalculation, Placement, QueueCounts, StoredValue, Unfinished};

/// The clock that decides leases, in milliseconds since 1970.
macro_rules! now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}

pub(super) struct PostgresQueries(pub(super) Pool);

impl_queries! {
    PostgresQueries, now!(),
    async fn find(&self, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
        let mut connection = self.0.acquire().await?;
        let row: Option<CalculationRow> =
            sqlx::query_as(FIND).bind(subject.to_string()).fetch_optional(&mut *connection).await?;
        if row.is_none() {
            confirm_absence(&mut connection).await?;
        }
        Ok(row.map(|row| row.of(subject)).transpose()?)
    }

    async fn find_batch(&self, subjects: &[Subject]) -> sqlx::Result<Vec<Calculation>> {
        let sql = concat!("select ", calculation_columns!(), " from calculations where subject = any($1)");
        let mut connection = self.0.acquire().await?;
        let rows: Vec<CalculationRow> = sqlx::query_as(sql).bind(texts(subjects)).fetch_all(&mut *connection).await?;
        if rows.len() < subjects.len() {
            confirm_absence(&mut connection).await?;
        }
        converted(rows)
    }
}

/// Fails on a server that does not write: after a failover the old primary lacks what the new one has accepted, so that
/// a row it does not have proves nothing.
async fn confirm_absence(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select from calculations where false for key share").execute(connection).await.map(drop)
}

#[cfg(test)]
pub(super) const UNFINISHED: &str = unfinished_sql!(now!());

/// The statements of one connection, in a transaction unless an operation consists of one statement.
pub(super) struct PostgresStatements<'c> {
    pub(super) connection: &'c mut PgConnection,
    pub(super) queue_limit: &'c QueueLimit,
}

impl Statements for PostgresStatements<'_> {
    const EXCLUSIVE: bool = false;

    single_row_statements!(now!());

    fn queue_limit(&self) -> &QueueLimit {
        self.queue_limit
    }

    async fn tolerate_damaged_indexes(&mut self, _is_tolerated: bool) -> sqlx::Result<()> {
        // An update leaves the old entries of indexes as they are.
        Ok(())
    }

    async fn find(&mut self, subjects: &[Subject]) -> sqlx::Result<HashMap<Subject, LockedRow>> {
        let sql = concat!("select ", locked_columns!(now!()), " from calculations where subject = any($1)");
        locked_rows(sqlx::query_as(sql).bind(texts(subjects)).fetch_all(&mut *self.connection).await?)
    }

    async fn lock(&mut self, subjects: &[Subject]) -> sqlx::Result<HashMap<Subject, LockedRow>> {
        let sql = concat!(
            "select ",
            locked_columns!(now!()),
            " from calculations where subject = any($1) order by id for no key update"
        );
        locked_rows(sqlx::query_as(sql).bind(texts(subjects)).fetch_all(&mut *self.connection).await?)
    }

    async fn insert(&mut self, new: &[&NewCalculation]) -> sqlx::Result<Vec<Calculation>> {
        let inserted: Vec<(i64, String)> = sqlx::query_as(
            "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, \
             traceparent, request_check, submitter) select subject, idx, 'queued', lane, digits, asked_at, asked_at, \
             unwithdrawable, traceparent, request_check, submitter from unnest($1::text[], $2::bigint[], $3::text[], \
             $4::bigint[], $5::bigint[], $6::boolean[], $7::text[], $8::bigint[], $9::text[]) \
             as new (subject, idx, lane, digits, asked_at, unwithdrawable, traceparent, request_check, submitter) \
             order by subject \
             on conflict (subject) do nothing returning id, subject",
        )
        .bind(list(new, |new| new.subject.to_string()))
        .bind(list(new, |new| new.subject.fibonacci_index().map(Index::get)))
        .bind(list(new, |new| new.lane.as_str()))
        .bind(list(new, |new| column(new.digits)))
        .bind(list(new, |new| new.now.unix_ms()))
        .bind(list(new, |new| new.ask.is_none()))
        .bind(list(new, |new| new.traceparent.map(|trace| trace.to_string())))
        .bind(list(new, |new| request_check(&new.subject, new.digits)))
        .bind(list(new, |new| new.submitter.map(|submitter| submitter.to_string())))
        .fetch_all(&mut *self.connection)
        .await?;
        let new: HashMap<String, &NewCalculation> = new.iter().map(|new| (new.subject.to_string(), *new)).collect();
        Ok(inserted.into_iter().filter_map(|(id, subject)| Some(new.get(&subject)?.inserted_as(id))).collect())
    }

    async fn requeue(&mut self, again: &[(CalculationId, &NewCalculation)]) -> sqlx::Result<Vec<Calculation>> {
        let rows: Vec<CalculationRow> = sqlx::query_as(concat!(
            "update calculations set status = 'queued', lane = new_lane, digits = new_digits, \
             queued_at = new_queued_at, unwithdrawable = new_unwithdrawable, traceparent = new_traceparent, \
             started_at = null, finished_at = null, attempt = 0, errors = 0, lost_leases = 0, waiting_for = null, \
             failure = null, failure_attempts = null, request_check = new_check, submitter = new_submitter \
             from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[], \
             $7::bigint[], $8::text[]) \
             as new (new_id, new_lane, new_digits, new_queued_at, new_unwithdrawable, new_traceparent, new_check, \
             new_submitter) \
             where id = new_id returning ",
            returned_columns!(),
        ))
        .bind(list(again, |(id, _)| id.0))
        .bind(list(again, |(_, new)| new.lane.as_str()))
        .bind(list(again, |(_, new)| column(new.digits)))
        .bind(list(again, |(_, new)| new.now.unix_ms()))
        .bind(list(again, |(_, new)| new.ask.is_none()))
        .bind(list(again, |(_, new)| new.traceparent.map(|trace| trace.to_string())))
        .bind(list(again, |(_, new)| request_check(&new.subject, new.digits)))
        .bind(list(again, |(_, new)| new.submitter.map(|submitter| submitter.to_string())))
        .fetch_all(&mut *self.connection)
        .await?;
        converted(rows)
    }

    async fn add_tokens(&mut self, tokens: &[(CalculationId, &AskToken)]) -> sqlx::Result<()> {
        sqlx::query(
            "insert into asks (calculation_id, token_sha256) select * from unnest($1::bigint[], $2::bytea[]) \
             on conflict do nothing",
        )
        .bind(list(tokens, |(id, _)| id.0))
        .bind(list(tokens, |(_, ask)| token_sha256(ask)))
        .execute(&mut *self.connection)
        .await
        .map(drop)
    }

    async fn make_unwithdrawable(&mut self, ids: &[CalculationId]) -> sqlx::Result<()> {
        sqlx::query("update calculations set unwithdrawable = true where id = any($1)")
            .bind(list(ids, |id| id.0))
            .execute(&mut *self.connection)
            .await
            .map(drop)
    }

    async fn set_cancelled(&mut self, ids: &[CalculationId], now: Timestamp) -> sqlx::Result<Vec<Calculation>> {
        let ids = list(ids, |id| id.0);
        sqlx::query("delete from asks where calculation_id = any($1)")
            .bind(&ids)
            .execute(&mut *self.connection)
            .await?;
        let sql = concat!(
            "update calculations set status = 'cancelled', finished_at = $2, submitter = null, lease_until = null, \
             worker = null, progress = null, remaining_ms = null, waiting_for = null where id = any($1) returning ",
            returned_columns!(),
        );
        let rows = sqlx::query_as(sql).bind(ids).bind(now.unix_ms()).fetch_all(&mut *self.connection).await?;
        converted::<_, CalculationRow>(rows)
    }

    async fn set_done(&mut self, values: &[&CompletedValue]) -> sqlx::Result<Vec<Calculation>> {
        let text = |value: &CompletedValue, short: bool| match &value.placement {
            Placement::Inline(text) if is_short(value) == short => Some(text.clone()),
            _ => None,
        };
        let state = |value: &CompletedValue| match value.placement {
            Placement::Inline(_) => value_state_str(ValueState::Inline),
            Placement::Object => value_state_str(ValueState::Object),
        };
        // The checksum is compared here because rows are not always locked before.
        let rows: Vec<KeyedDoneRow> = sqlx::query_as(concat!(
            "with new as ( \
                 select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], \
                 $7::bigint[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[]) \
                 as new (new_subject, new_digits, new_first, new_last, new_sha256, new_size, new_compute_ms, \
                 new_state, new_short, new_long, new_started_at, new_finished_at, new_request_check, \
                 new_value_check) \
             ), done as ( \
                 update calculations set status = 'done', digits = new_digits, first_digits = new_first, \
                 last_digits = new_last, sha256 = new_sha256, size_bytes = new_size, compute_ms = new_compute_ms, \
                 value_state = new_state, short_text = new_short, started_at = new_started_at, \
                 finished_at = new_finished_at, read_at = new_finished_at, \
                 request_check = new_request_check, value_check = new_value_check, attempt = greatest(attempt, 1), \
                 submitter = null, lost_leases = 0, lease_until = null, worker = null, progress = null, remaining_ms = null, \
                 waiting_for = null, failure = null, failure_attempts = null \
                 from new where subject = new_subject and (sha256 is null or sha256 = new_sha256) \
                 and (status in ('queued', 'running') or status = 'done' and value_state = 'evicted') and ",
            has_row_check!(),
            " returning id, subject, asked, asked_at, queued_at, attempt, new_long \
             ), removed as (delete from asks using done where calculation_id = done.id \
             ), texts as ( \
                 insert into value_texts (calculation_id, text) select id, new_long from done \
                 where new_long is not null on conflict (calculation_id) do update set text = excluded.text \
             ) select id, subject, asked, asked_at, queued_at, attempt from done",
        ))
        .bind(list(values, |value| value.subject.to_string()))
        .bind(list(values, |value| column(value.digits)))
        .bind(list(values, |value| value.first_digits.clone()))
        .bind(list(values, |value| value.last_digits.clone()))
        .bind(list(values, |value| value.sha256.0.to_vec()))
        .bind(list(values, |value| column(value.size_bytes)))
        .bind(list(values, |value| column(value.compute_ms)))
        .bind(list(values, |value| state(value)))
        .bind(list(values, |value| text(value, true)))
        .bind(list(values, |value| text(value, false)))
        .bind(list(values, |value| value.started_at.unix_ms()))
        .bind(list(values, |value| value.finished_at.unix_ms()))
        .bind(list(values, |value| request_check(&value.subject, value.digits)))
        .bind(list(values, |value| {
            value_check(&value.subject, value.sha256, value.size_bytes, &value.first_digits, &value.last_digits)
        }))
        .fetch_all(&mut *self.connection)
        .await?;
        let values: HashMap<String, &CompletedValue> =
            values.iter().map(|value| (value.subject.to_string(), *value)).collect();
        let done = rows.into_iter().filter_map(|row| Some((*values.get(&row.subject)?, row.done)));
        done.map(|(value, row)| Ok(row.done_with(value)?)).collect()
    }

    async fn add_requests(&mut self, requests: &[(Subject, u64)]) -> sqlx::Result<()> {
        sqlx::query(
            "with new as ( \
                 select subject, sum(requests) as requests from unnest($1::text[], $2::bigint[]) \
                 as new (subject, requests) group by subject \
             ), locked as materialized ( \
                 select id, subject from calculations where subject = any($1) order by id for no key update \
             ) update calculations set asked = least(asked + new.requests, $3)::bigint \
             from locked join new using (subject) where calculations.id = locked.id",
        )
        .bind(list(requests, |(subject, _)| subject.to_string()))
        .bind(list(requests, |(_, count)| column(*count)))
        .bind(MAX_REQUEST_COUNT)
        .execute(&mut *self.connection)
        .await
        .map(drop)
    }

    async fn touch(&mut self, subjects: &[Subject], now: Timestamp) -> sqlx::Result<()> {
        sqlx::query(
            "with locked as materialized ( \
                 select id from calculations where subject = any($1) and (value_state = 'object' or \
                 value_state = 'inline' and digits > 1000 and read_at < $2 - 60000) \
                 order by id for no key update \
             ) update calculations set read_at = greatest(read_at, $2) from locked where calculations.id = locked.id",
        )
        .bind(texts(subjects))
        .bind(now.unix_ms())
        .execute(&mut *self.connection)
        .await
        .map(drop)
    }
}

fn locked_rows(columns: Vec<LockedColumns>) -> sqlx::Result<HashMap<Subject, LockedRow>> {
    let rows: Vec<LockedRow> = converted(columns)?;
    Ok(rows.into_iter().map(|row| (row.calculation.subject.clone(), row)).collect())
}

fn texts(subjects: &[Subject]) -> Vec<String> {
    list(subjects, ToString::to_string)
}

/// Builds the array of one column.
fn list<T, C>(rows: &[T], column: impl Fn(&T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}
