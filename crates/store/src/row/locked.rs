//! A row as an operation sees it before it decides.

use std::time::Duration;

use model::{Calculation, CalculationId, Sha256};

use super::columns::row;
use super::{CalculationRow, ColumnError, RowError};

row! {
    /// The columns of a row that decides an operation.
    #[derive(Debug)]
    pub(crate) struct LockedColumns {
        fence: i64,
        errors: i64,
        lost_leases: i64,
        lease_ms: i64,
        /// Remaining time of the lease by the database's clock; zero or less when it has expired.
        lease_left_ms: i64,
        unwithdrawable: bool,
        ..row: CalculationRow,
    }
}

/// A row that no other transaction changes until the operation ends.
#[derive(Debug)]
pub(crate) struct LockedRow {
    pub(crate) calculation: Calculation,
    pub(crate) known_sha256: Option<Sha256>,
    pub(crate) fence: i64,
    pub(crate) errors: u32,
    pub(crate) lost_leases: u32,
    /// Zero when there is no lease or when it has expired.
    pub(crate) lease_remaining: Duration,
    /// Whether more time is left than a lease has: the clock of the database was moved back.
    pub(crate) is_lease_too_long: bool,
    pub(crate) unwithdrawable: bool,
}

impl LockedRow {
    pub(crate) fn id(&self) -> CalculationId {
        self.calculation.id
    }
}

impl TryFrom<LockedColumns> for LockedRow {
    type Error = RowError;

    fn try_from(columns: LockedColumns) -> Result<Self, RowError> {
        let LockedColumns { row, fence, errors, lost_leases, lease_ms, lease_left_ms, unwithdrawable } = columns;
        let id = row.key.id;
        let count =
            |column, count: i64| count.try_into().map_err(|_| RowError { id, column, source: ColumnError::OutOfRange });
        Ok(Self {
            known_sha256: row.known_sha256()?,
            calculation: row.try_into()?,
            fence,
            errors: count("errors", errors)?,
            lost_leases: count("lost_leases", lost_leases)?,
            lease_remaining: Duration::from_millis(lease_left_ms.min(lease_ms).try_into().unwrap_or(0)),
            is_lease_too_long: lease_left_ms > lease_ms,
            unwithdrawable,
        })
    }
}
