//! Looking at a row before deciding, and the clock to decide by.

use model::CalculationId;
use sqlx::sqlite::SqliteConnection;

use crate::row::{Standing, calculation_columns};

/// The clock that decides leases, in milliseconds since 1970.
macro_rules! database_now {
    () => {
        "cast(round(unixepoch('subsec') * 1000) as integer)"
    };
}
pub(super) use database_now;

pub(super) async fn standing(connection: &mut SqliteConnection, subject: &str) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as(concat!(
        "select ",
        calculation_columns!(),
        ", fence, lost_leases, coalesce(lease_until, 0) - ",
        database_now!(),
        " as lease_left_ms, unwithdrawable from calculations where subject = ?",
    ))
    .bind(subject)
    .fetch_optional(connection)
    .await
}

/// Forgets who may withdraw a row that is finished.
pub(super) async fn forget_asks(connection: &mut SqliteConnection, id: CalculationId) -> sqlx::Result<()> {
    sqlx::query("delete from asks where calculation_id = ?").bind(id.0).execute(connection).await.map(drop)
}
