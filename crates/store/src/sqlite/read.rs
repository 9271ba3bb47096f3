//! What is only looked at, through connections that cannot write.

use model::{Calculation, CalculationId, Subject};
use sqlx::sqlite::SqlitePool;

use super::standing::database_now;
use crate::row::{BacklogRow, InlineRow, Whole, backlog_of, calculation_columns};
use crate::{InlineValue, QueueCounts, StoredObject, Unfinished};

pub(super) async fn find(pool: &SqlitePool, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
    let found = sqlx::query_as(concat!("select ", calculation_columns!(), " from calculations where subject = ?"))
        .bind(subject.to_string())
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|Whole(calculation)| calculation))
}

/// Only F(n) has an index beside it: kinds of subjects that only a newer version knows are left to that version.
const LIST: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id < ? and idx is not null order by id desc limit ?",
);

pub(super) async fn list(
    pool: &SqlitePool,
    before: Option<CalculationId>,
    limit: u32,
) -> sqlx::Result<Vec<Calculation>> {
    let page: Vec<Whole> =
        sqlx::query_as(LIST).bind(before.map_or(i64::MAX, |id| id.0)).bind(limit).fetch_all(pool).await?;
    Ok(page.into_iter().map(|Whole(calculation)| calculation).collect())
}

const UNFINISHED: &str = concat!(
    "select id, subject, lane, attempt, queued_at, traceparent from calculations \
     where id > ? and status in ('queued', 'running') and (status = 'queued' or lease_until <= ",
    database_now!(),
    ") and idx is not null order by id limit ?",
);

pub(super) async fn unfinished(
    pool: &SqlitePool,
    after: Option<CalculationId>,
    limit: u32,
) -> sqlx::Result<Vec<Unfinished>> {
    sqlx::query_as(UNFINISHED).bind(after.map_or(i64::MIN, |id| id.0)).bind(limit).fetch_all(pool).await
}

pub(super) async fn inline_value(pool: &SqlitePool, subject: &Subject) -> sqlx::Result<Option<InlineValue>> {
    let found: Option<InlineRow> = sqlx::query_as(
        "select id, coalesce(short_text, text) as text, sha256 from calculations \
         left join value_texts on calculation_id = id \
         where subject = ? and status = 'done' and value_state = 'inline'",
    )
    .bind(subject.to_string())
    .fetch_optional(pool)
    .await?;
    Ok(found.map(InlineRow::check).transpose()?)
}

pub(super) async fn object_bytes(pool: &SqlitePool) -> sqlx::Result<u64> {
    let bytes: i64 =
        sqlx::query_scalar("select coalesce(sum(size_bytes), 0) from calculations where value_state = 'object'")
            .fetch_one(pool)
            .await?;
    u64::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

const LEAST_READ: &str = "select id, subject, sha256, size_bytes from calculations where value_state = 'object' \
     order by read_at limit ?";

pub(super) async fn lru_objects(pool: &SqlitePool, limit: u32) -> sqlx::Result<Vec<StoredObject>> {
    sqlx::query_as(LEAST_READ).bind(limit).fetch_all(pool).await
}

pub(super) async fn backlog(pool: &SqlitePool) -> sqlx::Result<QueueCounts> {
    let groups: Vec<BacklogRow> = sqlx::query_as(
        "select status, lane, count(*), min(queued_at) from calculations where status in ('queued', 'running') \
         group by status, lane",
    )
    .fetch_all(pool)
    .await?;
    backlog_of(groups)
}

pub(super) async fn ping(pool: &SqlitePool) -> sqlx::Result<()> {
    sqlx::query("select 1 from calculations limit 1").fetch_optional(pool).await.map(drop)
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::{SqliteStore, StoreLimits};

    /// At a million rows the difference is that between a tenth of a millisecond and a second.
    #[tokio::test]
    async fn pages_come_straight_out_of_an_index() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("record.sqlite");
        let store = SqliteStore::open(&path, StoreLimits { max_queued: 1 }).await.expect("opened");
        for (sql, index) in [
            (LIST, "INTEGER PRIMARY KEY (rowid<?)"),
            (UNFINISHED, "INDEX calculations_unfinished (id>?)"),
            (LEAST_READ, "INDEX calculations_objects"),
        ] {
            let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("explain query plan {sql}")))
                .fetch_all(&store.readers)
                .await
                .expect("explained");
            let [(.., step)] = plan.as_slice() else { panic!("more than one step, so it sorts: {plan:?}") };
            assert!(step.ends_with(index), "{step} for {sql}");
        }
    }
}
