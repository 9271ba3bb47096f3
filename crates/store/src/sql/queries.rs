//! Queries outside a transaction, whose text is the same in both databases.
//!
//! Macros for the reason that [`shared`](super::shared) states.

use super::lists::known_subject;
use crate::row::{calculation_columns, key_columns};

macro_rules! unfinished_sql {
    ($now:expr) => {
        concat!(
            "select ",
            $crate::row::key_columns!(),
            ", lane, attempt, queued_at, submitter, traceparent from calculations \
             where id > $1 and status in ('queued', 'running') and (status = 'queued' or lease_until <= ",
            $now,
            " or lease_until > lease_ms + ",
            $now,
            ") and ",
            $crate::sql::lists::known_subject!(),
            " order by id limit $2",
        )
    };
}
pub(crate) use unfinished_sql;

/// Each filter is null for all; that of the index leaves only F(n). The types are named because a parameter that may be null tells PostgreSQL none.
pub(crate) const UNFINISHED_WORK: &str = concat!(
    "select ",
    key_columns!(),
    ", status, lane, queued_at, submitter from calculations \
     where id > $1 and status in ('queued', 'running') and ",
    known_subject!(),
    " and (cast($3 as text) is null or lane = $3) and (cast($4 as text) is null or status = $4) \
     and (cast($5 as text) is null or submitter = $5) \
     and (cast($6 as bigint) is null or idx >= $6 or idx <= -$6) \
     and (cast($7 as bigint) is null or queued_at < $7) order by id limit $2",
);

/// The condition of both indexes on values that can be evicted, once for each of them.
macro_rules! evictable_sql {
    ($columns:expr, $end:literal) => {
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

pub(crate) const FIND: &str = concat!("select ", calculation_columns!(), " from calculations where subject = $1");

pub(crate) const LRU_VALUES: &str = concat!(
    "select * from (",
    evictable_sql!(concat!(key_columns!(), ", sha256, size_bytes, read_at"), " order by read_at limit $3"),
    ") as evictable where ",
    known_subject!(),
    " order by read_at limit $3",
);

/// Implements `Queries` for a newtype of a pool.
macro_rules! impl_queries {
    ($queries:ty, $now:expr, $($find:tt)*) => {
        impl $crate::sql::Queries for $queries {
            $($find)*

            async fn list(&self, order: $crate::ListOrder, limit: u32) -> sqlx::Result<Vec<Calculation>> {
                let (statement, first) = $crate::sql::lists::statement(order);
                let mut query = sqlx::query_as(statement).bind(first);
                if let $crate::ListOrder::Largest { after } = order {
                    query = query.bind($crate::sql::lists::smallest(after));
                }
                let rows: Vec<CalculationRow> = query.bind(i64::from(limit)).fetch_all(&mut *self.0.acquire().await?).await?;
                $crate::row::converted(rows)
            }

            async fn count(&self, list: $crate::CountedList) -> sqlx::Result<u64> {
                let mut query = sqlx::query_scalar($crate::sql::lists::count_statement(list));
                if let $crate::CountedList::From(index) = list {
                    query = query.bind(index);
                }
                let rows: i64 = query.fetch_one(&mut *self.0.acquire().await?).await?;
                u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))
            }

            async fn sum_digits(&self) -> sqlx::Result<u64> {
                let sql = "select cast(coalesce(sum(digits), 0) as bigint) from calculations where sha256 is not null";
                let digits: i64 = sqlx::query_scalar(sql).fetch_one(&mut *self.0.acquire().await?).await?;
                u64::try_from(digits).map_err(|error| sqlx::Error::Decode(error.into()))
            }

            async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> sqlx::Result<Vec<Unfinished>> {
                let rows: Vec<$crate::row::UnfinishedRow> = sqlx::query_as(unfinished_sql!($now))
                    .bind(after.map_or(i64::MIN, |id| id.0))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *self.0.acquire().await?)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn unfinished_work(
                &self,
                filter: &$crate::UnfinishedFilter,
                after: Option<CalculationId>,
                limit: u32,
            ) -> sqlx::Result<Vec<$crate::UnfinishedWork>> {
                let rows: Vec<$crate::row::UnfinishedWorkRow> = sqlx::query_as($crate::sql::queries::UNFINISHED_WORK)
                    .bind(after.map_or(i64::MIN, |id| id.0))
                    .bind(i64::from(limit))
                    .bind(filter.lane.map(model::Lane::as_str))
                    .bind(filter.status.map(model::Status::as_str))
                    .bind(filter.submitter.map(|submitter| submitter.to_string()))
                    .bind(filter.min_index.map($crate::row::column))
                    .bind(filter.queued_before.map(Timestamp::unix_ms))
                    .fetch_all(&mut *self.0.acquire().await?)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn inline_value(&self, subject: &Subject) -> sqlx::Result<Option<InlineValue>> {
                let row: Option<$crate::row::InlineRow> = sqlx::query_as(
                    concat!("select ", $crate::row::key_columns!(), ", coalesce(short_text, text) as text, sha256 \
                     from calculations left join value_texts on calculation_id = id \
                     where subject = $1 and status = 'done' and value_state = 'inline'"),
                )
                .bind(subject.to_string())
                .fetch_optional(&mut *self.0.acquire().await?)
                .await?;
                Ok(row.map(|row| row.of(subject)).transpose()?)
            }

            async fn value_bytes(&self, sizes: Range<u64>) -> sqlx::Result<u64> {
                let bytes: i64 = sqlx::query_scalar($crate::sql::queries::VALUE_BYTES)
                    .bind($crate::row::column(sizes.start))
                    .bind($crate::row::column(sizes.end))
                    .fetch_one(&mut *self.0.acquire().await?)
                    .await?;
                u64::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
            }

            async fn lru_values(&self, sizes: Range<u64>, limit: u32) -> sqlx::Result<Vec<StoredValue>> {
                let rows: Vec<$crate::row::StoredValueRow> = sqlx::query_as($crate::sql::queries::LRU_VALUES)
                    .bind($crate::row::column(sizes.start))
                    .bind($crate::row::column(sizes.end))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *self.0.acquire().await?)
                    .await?;
                $crate::row::converted(rows)
            }

            async fn backlog(&self) -> sqlx::Result<QueueCounts> {
                let sql = "select status, lane, count(*), min(queued_at) from calculations \
                     where status in ('queued', 'running') group by status, lane";
                $crate::row::queue_counts(sqlx::query_as(sql).fetch_all(&mut *self.0.acquire().await?).await?)
            }
        }
    };
}
pub(crate) use impl_queries;
