//! A row as the writer sees it before it decides.

use model::{Calculation, CalculationId, Sha256, Status};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::Lease;
use crate::row::{CalculationRow, calculation_columns};

/// The clock that decides leases, in milliseconds since 1970.
macro_rules! database_now {
    () => {
        "cast(round(unixepoch('subsec') * 1000) as integer)"
    };
}
pub(super) use database_now;

/// A row with the columns that only the writer looks at.
pub(super) struct Standing {
    pub(super) calculation: Calculation,
    pub(super) known_sha256: Option<Sha256>,
    pub(super) fence: i64,
    pub(super) lost_leases: i64,
    /// What is left of the lease by the database's clock; nothing or less when it has run out.
    pub(super) lease_left_ms: i64,
    pub(super) unwithdrawable: bool,
}

impl Standing {
    pub(super) fn id(&self) -> CalculationId {
        self.calculation.id
    }

    /// Whether this lease is the row's, or the row waits without one.
    pub(super) fn is_held_by(&self, lease: Option<&Lease>) -> bool {
        match lease {
            Some(lease) => self.calculation.status() == Status::Running && self.fence == lease.fence,
            None => self.calculation.status() == Status::Queued,
        }
    }
}

impl<'r> FromRow<'r, SqliteRow> for Standing {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let calculation = CalculationRow::from_row(row)?;
        Ok(Self {
            known_sha256: calculation.known_sha256()?,
            calculation: calculation.try_into()?,
            fence: row.try_get("fence")?,
            lost_leases: row.try_get("lost_leases")?,
            lease_left_ms: row.try_get("lease_left_ms")?,
            unwithdrawable: row.try_get("unwithdrawable")?,
        })
    }
}

/// A whole calculation, believed.
pub(super) struct Whole(pub(super) Calculation);

impl<'r> FromRow<'r, SqliteRow> for Whole {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        Ok(Self(CalculationRow::from_row(row)?.try_into()?))
    }
}

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
