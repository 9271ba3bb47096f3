//! Statements whose text is the same in both databases.
//!
//! Macros, because the types of sqlx are different for each database: a database implements its trait with them and
//! adds what differs. `$now` is its clock in milliseconds since 1970.

/// The columns of [`LockedRow`](crate::row::LockedRow).
macro_rules! locked_columns {
    ($now:expr) => {
        concat!(
            $crate::row::calculation_columns!(),
            ", fence, errors, lost_leases, coalesce(lease_ms, 0) as lease_ms, coalesce(lease_until, 0) - ",
            $now,
            " as lease_left_ms, unwithdrawable",
        )
    };
}
pub(crate) use locked_columns;

/// Statements on one row, for an `impl Statements` with the field `connection`.
macro_rules! single_row_statements {
    ($now:expr) => {
        async fn count_unfinished(&mut self) -> sqlx::Result<u64> {
            let limit = $crate::row::column(self.queue_limit().max_queued());
            let sql = "select count(*) from \
                (select 1 from calculations where status in ('queued', 'running') limit $1) as unfinished";
            let rows: i64 = sqlx::query_scalar(sql).bind(limit).fetch_one(&mut *self.connection).await?;
            u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))
        }

        async fn remove_token(&mut self, id: CalculationId, ask: &AskToken) -> sqlx::Result<bool> {
            sqlx::query("delete from asks where calculation_id = $1 and token_sha256 = $2")
                .bind(id.0)
                .bind($crate::rules::token_sha256(ask))
                .execute(&mut *self.connection)
                .await
                .map(|deleted| deleted.rows_affected() > 0)
        }

        async fn has_tokens(&mut self, id: CalculationId) -> sqlx::Result<bool> {
            sqlx::query_scalar("select exists (select 1 from asks where calculation_id = $1)")
                .bind(id.0)
                .fetch_one(&mut *self.connection)
                .await
        }

        async fn set_cancelled(&mut self, id: CalculationId, now: Timestamp) -> sqlx::Result<Calculation> {
            sqlx::query("delete from asks where calculation_id = $1")
                .bind(id.0)
                .execute(&mut *self.connection)
                .await?;
            let row: CalculationRow = sqlx::query_as(concat!(
                "update calculations set status = 'cancelled', finished_at = $2, submitter = null, lease_until = null, \
                 worker = null, progress = null, remaining_ms = null, waiting_for = null where id = $1 returning ",
                calculation_columns!(),
            ))
            .bind(id.0)
            .bind(now.unix_ms())
            .fetch_one(&mut *self.connection)
            .await?;
            Ok(row.try_into()?)
        }

        async fn set_running(
            &mut self,
            id: CalculationId,
            lease: NewLease,
            worker: &WorkerId,
            now: Timestamp,
        ) -> sqlx::Result<Calculation> {
            let row: CalculationRow = sqlx::query_as(concat!(
                "update calculations set status = 'running', fence = fence + 1, attempt = attempt + 1, \
                 lost_leases = $2, lease_ms = $3, lease_until = ",
                $now,
                " + $3, worker = $4, started_at = $5, progress = 0, remaining_ms = null, waiting_for = null \
                 where id = $1 returning ",
                calculation_columns!(),
            ))
            .bind(id.0)
            .bind(i64::from(lease.lost_leases))
            .bind($crate::rules::lease_ms(lease.length))
            .bind(&worker.0)
            .bind(now.unix_ms())
            .fetch_one(&mut *self.connection)
            .await?;
            Ok(row.try_into()?)
        }

        async fn extend_lease(&mut self, lease: &Lease, progress: Progress) -> sqlx::Result<bool> {
            sqlx::query(concat!(
                "update calculations set lease_until = ",
                $now,
                " + lease_ms, progress = $3, remaining_ms = $4 \
                 where subject = $1 and fence = $2 and status = 'running'",
            ))
            .bind(lease.subject.to_string())
            .bind(lease.fence)
            .bind($crate::rules::progress_fraction(progress))
            .bind(progress.remaining_ms.map($crate::row::column))
            .execute(&mut *self.connection)
            .await
            .map(|updated| updated.rows_affected() > 0)
        }

        async fn set_released(&mut self, id: CalculationId, effect: ReleaseEffect) -> sqlx::Result<()> {
            sqlx::query(
                "update calculations set status = 'queued', \
                 attempt = case when attempt + $2 < 0 then 0 else attempt + $2 end, errors = errors + $3, \
                 lost_leases = case when $3 > 0 then 0 else lost_leases end, waiting_for = $4, lease_until = null, \
                 worker = null, started_at = null, progress = null, remaining_ms = null where id = $1",
            )
            .bind(id.0)
            .bind(effect.added_attempts)
            .bind(effect.added_errors)
            .bind(effect.waiting_for.map(model::WaitingFor::as_str))
            .execute(&mut *self.connection)
            .await
            .map(drop)
        }

        async fn restart_lease(&mut self, id: CalculationId) -> sqlx::Result<()> {
            let sql = concat!("update calculations set lease_until = ", $now, " + lease_ms where id = $1");
            sqlx::query(sql).bind(id.0).execute(&mut *self.connection).await.map(drop)
        }

        async fn lock_damaged(&mut self, id: CalculationId, is_text: bool) -> sqlx::Result<Option<DamagedRow>> {
            // Changes nothing, and locks the row in either database.
            let row = sqlx::query(concat!(
                "update calculations set fence = fence where id = $1 returning ",
                calculation_columns!(),
            ))
            .bind(id.0)
            .fetch_optional(&mut *self.connection)
            .await?;
            let Some(row) = row else { return Ok(None) };
            if let Some(damaged) = $crate::row::damaged(&row) {
                return Ok(Some(damaged));
            }
            let row: CalculationRow = sqlx::FromRow::from_row(&row)?;
            let calculation = Calculation::try_from(row)?;
            let is_inline = calculation.value().is_some_and(|value| value.state == ValueState::Inline);
            Ok((is_text && is_inline).then(|| DamagedRow {
                by_index: Some(calculation.subject.clone()),
                by_text: Some(calculation.subject),
                digits: Some(calculation.digits),
                request_check: None,
            }))
        }

        async fn reset(&mut self, id: CalculationId, row: &RepairedRow) -> sqlx::Result<()> {
            sqlx::query("delete from asks where calculation_id = $1")
                .bind(id.0)
                .execute(&mut *self.connection)
                .await?;
            sqlx::query(concat!(
                "update calculations set idx = $2, status = 'queued', lane = $3, digits = $4, request_check = $5, \
                 queued_at = ",
                $now,
                ", unwithdrawable = true, attempt = 0, errors = 0, lost_leases = 0, \
                 asked = case when asked < 1 then 1 else asked end, started_at = null, finished_at = null, \
                 lease_until = null, lease_ms = null, worker = null, progress = null, remaining_ms = null, \
                 waiting_for = null, failure = null, failure_attempts = null, first_digits = null, \
                 last_digits = null, sha256 = null, size_bytes = null, compute_ms = null, value_state = null, \
                 value_check = null, short_text = null, traceparent = null where id = $1",
            ))
            .bind(id.0)
            .bind(row.subject.index().get())
            .bind(row.lane.as_str())
            .bind($crate::row::column(row.digits))
            .bind($crate::row::request_check(&row.subject, row.digits))
            .execute(&mut *self.connection)
            .await
            .map(drop)
        }

        async fn ping(&mut self) -> sqlx::Result<()> {
            sqlx::query("update calculations set fence = fence where id = -1")
                .execute(&mut *self.connection)
                .await
                .map(drop)
        }

        async fn void_leases(&mut self) -> sqlx::Result<u64> {
            sqlx::query(
                "update calculations set status = 'queued', lost_leases = lost_leases + 1, lease_until = null, \
                 worker = null, started_at = null, progress = null, remaining_ms = null where status = 'running'",
            )
            .execute(&mut *self.connection)
            .await
            .map(|updated| updated.rows_affected())
        }

        async fn set_failed(
            &mut self,
            row: &LockedRow,
            failure: &Failure,
            now: Timestamp,
        ) -> sqlx::Result<Calculation> {
            for sql in
                ["delete from asks where calculation_id = $1", "delete from value_texts where calculation_id = $1"]
            {
                sqlx::query(sql).bind(row.id().0).execute(&mut *self.connection).await?;
            }
            let row: CalculationRow = sqlx::query_as(concat!(
                "update calculations set status = 'failed', failure = $2, failure_attempts = $3, attempt = $4, \
                 finished_at = $5, submitter = null, lease_until = null, worker = null, progress = null, \
                 remaining_ms = null, waiting_for = null, short_text = null, \
                 value_state = case when value_state is null then null else 'evicted' end where id = $1 returning ",
                calculation_columns!(),
            ))
            .bind(row.id().0)
            .bind(failure.reason.as_str())
            .bind(i64::from(failure.attempts))
            .bind(i64::from(row.calculation.attempt.max(failure.attempts)))
            .bind(now.unix_ms())
            .fetch_one(&mut *self.connection)
            .await?;
            Ok(row.try_into()?)
        }

        async fn mark_evicted(&mut self, value: &StoredValue) -> sqlx::Result<()> {
            let id: Option<i64> = sqlx::query_scalar(
                "update calculations set value_state = 'evicted', short_text = null where subject = $1 \
                 and sha256 = $2 and value_state in ('object', 'inline') and status = 'done' returning id",
            )
            .bind(value.subject.to_string())
            .bind(value.sha256.0.as_slice())
            .fetch_optional(&mut *self.connection)
            .await?;
            let Some(id) = id else { return Ok(()) };
            sqlx::query("delete from value_texts where calculation_id = $1")
                .bind(id)
                .execute(&mut *self.connection)
                .await
                .map(drop)
        }

        async fn mark_lost(&mut self, object: &StoredValue) -> sqlx::Result<Option<Calculation>> {
            let row: Option<CalculationRow> = sqlx::query_as(concat!(
                "update calculations set status = 'queued', value_state = 'evicted', queued_at = ",
                $now,
                ", unwithdrawable = true, started_at = null, finished_at = null, attempt = 0, errors = 0, \
                 lost_leases = 0 where subject = $1 and sha256 = $2 and value_state = 'object' and status = 'done' \
                 returning ",
                calculation_columns!(),
            ))
            .bind(object.subject.to_string())
            .bind(object.sha256.0.as_slice())
            .fetch_optional(&mut *self.connection)
            .await?;
            Ok(row.map(Calculation::try_from).transpose()?)
        }
    };
}
pub(crate) use single_row_statements;

/// Only F(n) has an index in a column of its own: subjects of other kinds belong to a newer version.
pub(crate) const LIST: &str = concat!(
    "select ",
    crate::row::calculation_columns!(),
    " from calculations where id < $1 and idx is not null order by id desc limit $2",
);

macro_rules! unfinished_sql {
    ($now:expr) => {
        concat!(
            "select id, idx, lane, attempt, queued_at, submitter, traceparent from calculations \
             where id > $1 and status in ('queued', 'running') and (status = 'queued' or lease_until <= ",
            $now,
            " or lease_until > lease_ms + ",
            $now,
            ") and idx is not null order by id limit $2",
        )
    };
}
pub(crate) use unfinished_sql;

/// Each filter is null for all. The types are named because a parameter that may be null tells PostgreSQL none.
pub(crate) const UNFINISHED_WORK: &str = "select id, idx, status, lane, queued_at, submitter from calculations \
     where id > $1 and status in ('queued', 'running') and idx is not null \
     and (cast($3 as text) is null or lane = $3) and (cast($4 as text) is null or status = $4) \
     and (cast($5 as text) is null or submitter = $5) \
     and (cast($6 as bigint) is null or idx >= $6 or idx <= -$6) \
     and (cast($7 as bigint) is null or queued_at < $7) order by id limit $2";

/// The condition of both indexes on values that can be evicted, once for each of them.
macro_rules! evictable_sql {
    ($columns:literal, $end:literal) => {
        concat!(
            "select * from (select ",
            $columns,
            " from calculations where value_state = 'object' and size_bytes >= $1 and size_bytes < $2",
            $end,
            ") as objects union all select * from (select ",
            $columns,
            " from calculations where value_state = 'inline' and digits > 1000 \
             and size_bytes >= $1 and size_bytes < $2",
            $end,
            ") as texts",
        )
    };
}

pub(crate) const VALUE_BYTES: &str = concat!(
    "select cast(coalesce(sum(size_bytes), 0) as bigint) from (",
    evictable_sql!("size_bytes", ""),
    ") as evictable",
);

pub(crate) const LRU_VALUES: &str = concat!(
    "select id, subject, sha256, size_bytes from (",
    evictable_sql!("id, subject, sha256, size_bytes, read_at", " order by read_at limit $3"),
    ") as evictable order by read_at limit $3",
);

/// Implements `Queries` for a newtype of a pool.
macro_rules! impl_queries {
    ($queries:ty, $now:expr, $($find_batch:tt)*) => {
        impl $crate::sql::Queries for $queries {
            $($find_batch)*

            async fn find(&self, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
                let row: Option<CalculationRow> =
                    sqlx::query_as(concat!("select ", calculation_columns!(), " from calculations where subject = $1"))
                        .bind(subject.to_string())
                        .fetch_optional(&self.0)
                        .await?;
                Ok(row.map(Calculation::try_from).transpose()?)
            }

            async fn list(&self, before: Option<CalculationId>, limit: u32) -> sqlx::Result<Vec<Calculation>> {
                let rows: Vec<CalculationRow> = sqlx::query_as($crate::sql::shared::LIST)
                    .bind(before.map_or(i64::MAX, |id| id.0))
                    .bind(i64::from(limit))
                    .fetch_all(&self.0)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> sqlx::Result<Vec<Unfinished>> {
                let rows: Vec<$crate::row::UnfinishedRow> = sqlx::query_as(unfinished_sql!($now))
                    .bind(after.map_or(i64::MIN, |id| id.0))
                    .bind(i64::from(limit))
                    .fetch_all(&self.0)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn unfinished_work(
                &self,
                filter: &$crate::UnfinishedFilter,
                after: Option<CalculationId>,
                limit: u32,
            ) -> sqlx::Result<Vec<$crate::UnfinishedWork>> {
                let rows: Vec<$crate::row::UnfinishedWorkRow> = sqlx::query_as($crate::sql::shared::UNFINISHED_WORK)
                    .bind(after.map_or(i64::MIN, |id| id.0))
                    .bind(i64::from(limit))
                    .bind(filter.lane.map(model::Lane::as_str))
                    .bind(filter.status.map(model::Status::as_str))
                    .bind(filter.submitter.map(|submitter| submitter.to_string()))
                    .bind(filter.min_index.map($crate::row::column))
                    .bind(filter.queued_before.map(Timestamp::unix_ms))
                    .fetch_all(&self.0)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn inline_value(&self, subject: &Subject) -> sqlx::Result<Option<InlineValue>> {
                let row: Option<$crate::row::InlineRow> = sqlx::query_as(
                    "select id, coalesce(short_text, text) as text, sha256 from calculations \
                     left join value_texts on calculation_id = id \
                     where subject = $1 and status = 'done' and value_state = 'inline'",
                )
                .bind(subject.to_string())
                .fetch_optional(&self.0)
                .await?;
                Ok(row.map(InlineValue::try_from).transpose()?)
            }

            async fn value_bytes(&self, sizes: Range<u64>) -> sqlx::Result<u64> {
                let bytes: i64 = sqlx::query_scalar($crate::sql::shared::VALUE_BYTES)
                    .bind($crate::row::column(sizes.start))
                    .bind($crate::row::column(sizes.end))
                    .fetch_one(&self.0)
                    .await?;
                u64::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
            }

            async fn lru_values(&self, sizes: Range<u64>, limit: u32) -> sqlx::Result<Vec<StoredValue>> {
                let rows: Vec<$crate::row::StoredValueRow> = sqlx::query_as($crate::sql::shared::LRU_VALUES)
                    .bind($crate::row::column(sizes.start))
                    .bind($crate::row::column(sizes.end))
                    .bind(i64::from(limit))
                    .fetch_all(&self.0)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn backlog(&self) -> sqlx::Result<QueueCounts> {
                let sql = "select status, lane, count(*), min(queued_at) from calculations \
                     where status in ('queued', 'running') group by status, lane";
                $crate::row::queue_counts(sqlx::query_as(sql).fetch_all(&self.0).await?)
            }
        }
    };
}
pub(crate) use impl_queries;
