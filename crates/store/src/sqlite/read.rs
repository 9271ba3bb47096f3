//! What is only looked at, through connections that cannot write.

use model::{Calculation, CalculationId, Lane, Status, Subject, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{FromRow, Row};

use super::standing::{Whole, database_now};
use crate::row::{Fault, RowError, calculation_columns, sha256_of};
use crate::{Backlog, InlineText, StoredObject, Unfinished};

pub(super) async fn find(pool: &SqlitePool, subject: &Subject) -> sqlx::Result<Option<Calculation>> {
    let found = sqlx::query_as(concat!("select ", calculation_columns!(), " from calculations where subject = ?"))
        .bind(subject.to_string())
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|Whole(calculation)| calculation))
}

pub(super) async fn list(
    pool: &SqlitePool,
    before: Option<CalculationId>,
    limit: u32,
) -> sqlx::Result<Vec<Calculation>> {
    // Kinds of subjects that only a newer version knows are left to that version.
    let page: Vec<Whole> = sqlx::query_as(concat!(
        "select ",
        calculation_columns!(),
        " from calculations where id < ? and subject glob 'F(*' order by id desc limit ?",
    ))
    .bind(before.map_or(i64::MAX, |id| id.0))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(page.into_iter().map(|Whole(calculation)| calculation).collect())
}

pub(super) async fn unfinished(
    pool: &SqlitePool,
    after: Option<CalculationId>,
    limit: u32,
) -> sqlx::Result<Vec<Unfinished>> {
    sqlx::query_as(concat!(
        "select id, subject, lane, attempt, queued_at, traceparent from calculations \
         where id > ? and status in ('queued', 'running') and (status = 'queued' or lease_until <= ",
        database_now!(),
        ") and subject glob 'F(*' order by id limit ?",
    ))
    .bind(after.map_or(i64::MIN, |id| id.0))
    .bind(limit)
    .fetch_all(pool)
    .await
}

impl<'r> FromRow<'r, SqliteRow> for Unfinished {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let id = row.try_get("id")?;
        let at = |column| move |fault: Fault| RowError { id, column, fault };
        let traceparent: Option<&str> = row.try_get("traceparent")?;
        let traceparent = traceparent.map(str::parse).transpose().map_err(Fault::from).map_err(at("traceparent"))?;
        Ok(Self {
            id: CalculationId(id),
            subject: row.try_get::<&str, _>("subject")?.parse().map_err(Fault::from).map_err(at("subject"))?,
            lane: row.try_get::<&str, _>("lane")?.parse().map_err(Fault::from).map_err(at("lane"))?,
            attempt: row.try_get("attempt")?,
            asked_at: Timestamp::from_unix_ms(row.try_get("queued_at")?),
            traceparent,
        })
    }
}

pub(super) async fn inline_text(pool: &SqlitePool, subject: &Subject) -> sqlx::Result<Option<InlineText>> {
    let found: Option<SqliteRow> = sqlx::query(
        "select id, coalesce(short_text, text) as text, sha256 from calculations \
         left join value_texts on calculation_id = id \
         where subject = ? and status = 'done' and value_state = 'inline'",
    )
    .bind(subject.to_string())
    .fetch_optional(pool)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let id = row.try_get("id")?;
    let at = |column| move |fault| RowError { id, column, fault };
    let text: Option<String> = row.try_get("text")?;
    let text = text.ok_or(Fault::Missing).map_err(at("text"))?;
    let sha256 = sha256_of(row.try_get("sha256")?).map_err(Fault::from).map_err(at("sha256"))?;
    if Sha256::digest(&text).as_slice() != sha256.0 {
        return Err(at("text")(Fault::OtherHash).into());
    }
    Ok(Some(InlineText { text, sha256 }))
}

pub(super) async fn object_bytes(pool: &SqlitePool) -> sqlx::Result<u64> {
    let bytes: i64 =
        sqlx::query_scalar("select coalesce(sum(size_bytes), 0) from calculations where value_state = 'object'")
            .fetch_one(pool)
            .await?;
    u64::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) async fn least_read(pool: &SqlitePool, limit: u32) -> sqlx::Result<Vec<StoredObject>> {
    sqlx::query_as(
        "select id, subject, sha256, size_bytes from calculations where value_state = 'object' \
         order by read_at limit ?",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

impl<'r> FromRow<'r, SqliteRow> for StoredObject {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let id = row.try_get("id")?;
        let at = |column| move |fault: Fault| RowError { id, column, fault };
        let size_bytes: i64 = row.try_get("size_bytes")?;
        Ok(Self {
            subject: row.try_get::<&str, _>("subject")?.parse().map_err(Fault::from).map_err(at("subject"))?,
            sha256: sha256_of(row.try_get("sha256")?).map_err(Fault::from).map_err(at("sha256"))?,
            size_bytes: size_bytes.try_into().map_err(|_| Fault::OutOfRange).map_err(at("size_bytes"))?,
        })
    }
}

pub(super) async fn backlog(pool: &SqlitePool) -> sqlx::Result<Backlog> {
    let groups: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select status, lane, count(*), min(queued_at) from calculations where status in ('queued', 'running') \
         group by status, lane",
    )
    .fetch_all(pool)
    .await?;
    let mut backlog = Backlog::default();
    for (status, lane, rows, oldest) in groups {
        let rows = u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))?;
        // A lane that only a newer version knows is counted by that version.
        let Some(lane) = Lane::ALL.iter().position(|known| known.as_str() == lane) else { continue };
        if status == Status::Queued.as_str() {
            backlog.queued[lane] = rows;
            let oldest = Timestamp::from_unix_ms(oldest);
            backlog.oldest_asked_at = Some(backlog.oldest_asked_at.map_or(oldest, |known| known.min(oldest)));
        } else {
            backlog.running[lane] = rows;
        }
    }
    Ok(backlog)
}

pub(super) async fn ping(pool: &SqlitePool) -> sqlx::Result<()> {
    sqlx::query("select 1 from calculations limit 1").fetch_optional(pool).await.map(drop)
}
