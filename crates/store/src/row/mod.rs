//! Rows as they come out of either database, and their conversion.

mod calculation;
mod checksum;
mod columns;
mod damaged;
mod key;
mod locked;
mod other;

use model::{Sha256, Sha256Error, ValueState};

pub(crate) use self::calculation::{
    CalculationRow, ColumnError, RowError, calculation_columns, other_columns, returned_columns,
};
pub(crate) use self::checksum::{request_check, value_check};
pub(crate) use self::columns::column_value;
pub(crate) use self::damaged::{DamagedRow, RepairedRow, damaged};
pub(crate) use self::key::{KeyColumns, has_row_check, key_columns};
pub(crate) use self::locked::{LockedColumns, LockedRow};
#[cfg(feature = "postgres")]
pub(crate) use self::other::KeyedDoneRow;
pub(crate) use self::other::{DoneRow, InlineRow, StoredValueRow, UnfinishedRow, UnfinishedWorkRow, queue_counts};

/// Converts a hash from a column.
pub(crate) fn sha256_from(bytes: &[u8]) -> Result<Sha256, Sha256Error> {
    bytes.try_into().map(Sha256).map_err(|_| Sha256Error)
}

/// Returns the word that stands for a value's state in the database.
pub(crate) const fn value_state_str(state: ValueState) -> &'static str {
    match state {
        ValueState::Inline => "inline",
        ValueState::Object => "object",
        ValueState::Evicted => "evicted",
    }
}

/// Converts a count for a column. No count that this system can reach is cut off: 2^63 digits fit no disk.
pub(crate) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Converts rows.
pub(crate) fn converted<T, R>(rows: Vec<R>) -> sqlx::Result<Vec<T>>
where
    T: TryFrom<R>,
    sqlx::Error: From<T::Error>,
{
    rows.into_iter().map(|row| T::try_from(row).map_err(sqlx::Error::from)).collect()
}
