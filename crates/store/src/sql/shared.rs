//! Statements of a transaction whose text is the same in both databases.
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
                returned_columns!(),
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
                $crate::row::calculation_columns!(),
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
            Ok((is_text && is_inline).then(|| DamagedRow::of(&calculation)))
        }

        async fn reset(&mut self, id: CalculationId, row: &RepairedRow) -> sqlx::Result<()> {
            sqlx::query("delete from asks where calculation_id = $1")
                .bind(id.0)
                .execute(&mut *self.connection)
                .await?;
            sqlx::query(concat!(
                "update calculations set subject = $6, idx = $2, status = 'queued', lane = $3, digits = $4, request_check = $5, \
                 queued_at = ",
                $now,
                ", unwithdrawable = true, attempt = 0, errors = 0, lost_leases = 0, asked = case when asked > 0 and ",
                $crate::row::has_row_check!(),
                " then asked else 1 end, asked_at = case when ",
                $crate::row::has_row_check!(),
                " then asked_at else ",
                $now,
                " end, row_check = null, started_at = null, finished_at = null, \
                 lease_until = null, lease_ms = null, worker = null, progress = null, remaining_ms = null, \
                 waiting_for = null, failure = null, failure_attempts = null, first_digits = null, \
                 last_digits = null, sha256 = null, size_bytes = null, compute_ms = null, value_state = null, \
                 value_check = null, short_text = null, traceparent = null where id = $1",
            ))
            .bind(id.0)
            .bind(row.subject.fibonacci_index().map(model::Index::get))
            .bind(row.lane.as_str())
            .bind($crate::row::column(row.digits))
            .bind($crate::row::request_check(&row.subject, row.digits))
            .bind(row.subject.to_string())
            .execute(&mut *self.connection)
            .await
            .map(drop)
        }

        async fn has_another(&mut self, id: CalculationId, subject: &Subject) -> sqlx::Result<bool> {
            sqlx::query_scalar("select exists (select 1 from calculations where subject = $1 and id <> $2)")
                .bind(subject.to_string())
                .bind(id.0)
                .fetch_one(&mut *self.connection)
                .await
        }

        async fn delete(&mut self, id: CalculationId) -> sqlx::Result<()> {
            for sql in [
                "delete from asks where calculation_id = $1",
                "delete from value_texts where calculation_id = $1",
                "delete from calculations where id = $1",
            ] {
                sqlx::query(sql).bind(id.0).execute(&mut *self.connection).await?;
            }
            Ok(())
        }

        async fn set_aside(&mut self, id: CalculationId) -> sqlx::Result<()> {
            sqlx::query(
                "update calculations set subject = $2, idx = null, status = 'failed', submitter = null, \
                 lease_until = null, worker = null, value_state = null where id = $1",
            )
            .bind(id.0)
            .bind(format!("damaged {}", id.0))
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
                returned_columns!(),
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
                 lost_leases = 0 where subject = $1 and sha256 = $2 and value_state = 'object' and status = 'done' and ",
                $crate::row::has_row_check!(),
                " returning ",
                returned_columns!(),
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
