//! Looking at a row before deciding, and the clock to decide by.

use std::collections::HashMap;

use model::{CalculationId, Subject};
use sqlx::postgres::PgConnection;

use crate::row::Standing;

/// The clock that decides leases, in milliseconds since 1970.
macro_rules! database_now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}
pub(super) use database_now;

/// The columns that [`Standing`] reads.
macro_rules! standing_columns {
    () => {
        concat!(
            $crate::row::calculation_columns!(),
            ", fence, lost_leases, coalesce(lease_until, 0) - ",
            $crate::postgres::standing::database_now!(),
            " as lease_left_ms, unwithdrawable",
        )
    };
}
pub(super) use standing_columns;

/// Looks at a row and keeps others from changing it until the transaction ends. Does not keep them from
/// entering asks for it, which only needs its key.
pub(super) async fn hold(connection: &mut PgConnection, subject: &Subject) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as(concat!("select ", standing_columns!(), " from calculations where subject = $1 for no key update"))
        .bind(subject.to_string())
        .fetch_optional(connection)
        .await
}

/// Looks at rows and keeps others from changing them, as [`hold`] does with one.
pub(super) async fn hold_all(
    connection: &mut PgConnection,
    subjects: Vec<String>,
) -> sqlx::Result<HashMap<Subject, Standing>> {
    // In one order for all, so that two of these never wait for each other in a circle.
    let found: Vec<Standing> = sqlx::query_as(concat!(
        "select ",
        standing_columns!(),
        " from calculations where subject = any($1) order by id for no key update"
    ))
    .bind(subjects)
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|found| (found.calculation.subject.clone(), found)).collect())
}

/// Forgets who may withdraw a row that is finished.
pub(super) async fn forget_asks(connection: &mut PgConnection, id: CalculationId) -> sqlx::Result<()> {
    sqlx::query("delete from asks where calculation_id = $1").bind(id.0).execute(connection).await.map(drop)
}
