//! What is only looked at: one statement each.

use model::{Calculation, CalculationId, Subject};
use sqlx::postgres::PgPool;

use super::standing::database_now;
use crate::row::{BacklogRow, InlineRow, Whole, backlog_of, calculation_columns};
use crate::{InlineValue, QueueCounts, StoredObject, Unfinished};

pub(super) async fn find(pool: &PgPool, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
    let found = sqlx::query_as(concat!("select ", calculation_columns!(), " from calculations where subject = $1"))
        .bind(subject.to_string())
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|Whole(calculation)| calculation))
}

/// Only F(n) has an index beside it: kinds of subjects that only a newer version knows are left to that version.
pub(super) const LIST: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id < $1 and idx is not null order by id desc limit $2",
);

pub(super) async fn list(pool: &PgPool, before: Option<CalculationId>, limit: u32) -> sqlx::Result<Vec<Calculation>> {
    let page: Vec<Whole> =
        sqlx::query_as(LIST).bind(before.map_or(i64::MAX, |id| id.0)).bind(i64::from(limit)).fetch_all(pool).await?;
    Ok(page.into_iter().map(|Whole(calculation)| calculation).collect())
}

pub(super) const UNFINISHED: &str = concat!(
    "select id, subject, lane, attempt, queued_at, traceparent from calculations \
     where id > $1 and status in ('queued', 'running') and (status = 'queued' or lease_until <= ",
    database_now!(),
    ") and idx is not null order by id limit $2",
);

pub(super) async fn unfinished(
    pool: &PgPool,
    after: Option<CalculationId>,
    limit: u32,
) -> sqlx::Result<Vec<Unfinished>> {
    sqlx::query_as(UNFINISHED).bind(after.map_or(i64::MIN, |id| id.0)).bind(i64::from(limit)).fetch_all(pool).await
}

pub(super) async fn inline_value(pool: &PgPool, subject: &Subject) -> sqlx::Result<Option<InlineValue>> {
    let found: Option<InlineRow> = sqlx::query_as(
        "select id, coalesce(short_text, text) as text, sha256 from calculations \
         left join value_texts on calculation_id = id \
         where subject = $1 and status = 'done' and value_state = 'inline'",
    )
    .bind(subject.to_string())
    .fetch_optional(pool)
    .await?;
    Ok(found.map(InlineRow::check).transpose()?)
}

pub(super) async fn object_bytes(pool: &PgPool) -> sqlx::Result<u64> {
    let bytes: i64 = sqlx::query_scalar(
        "select coalesce(sum(size_bytes), 0)::bigint from calculations where value_state = 'object'",
    )
    .fetch_one(pool)
    .await?;
    u64::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) async fn lru_objects(pool: &PgPool, limit: u32) -> sqlx::Result<Vec<StoredObject>> {
    sqlx::query_as(
        "select id, subject, sha256, size_bytes from calculations where value_state = 'object' \
         order by read_at limit $1",
    )
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}

pub(super) async fn backlog(pool: &PgPool) -> sqlx::Result<QueueCounts> {
    let groups: Vec<BacklogRow> = sqlx::query_as(
        "select status, lane, count(*), min(queued_at) from calculations where status in ('queued', 'running') \
         group by status, lane",
    )
    .fetch_all(pool)
    .await?;
    backlog_of(groups)
}

pub(super) async fn ping(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("select from calculations limit 1").fetch_optional(pool).await.map(drop)
}
