//! Damaged rows: the columns that can still be read, and those that replace them.

use model::{Calculation, Index, Lane, Subject};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::CalculationRow;

/// The columns of a damaged row that can still be read.
#[derive(Debug)]
pub(crate) struct DamagedRow {
    pub(crate) by_index: Option<Subject>,
    pub(crate) by_text: Option<Subject>,
    pub(crate) digits: Option<u64>,
    pub(crate) request_check: Option<i64>,
}

/// The columns that a repair replaces.
pub(crate) struct RepairedRow {
    pub(crate) subject: Subject,
    pub(crate) digits: u64,
    pub(crate) lane: Lane,
}

/// Reads a row and returns its readable columns if it is damaged, `None` if it is sound.
pub(crate) fn damaged<'r, R>(row: &'r R) -> Option<DamagedRow>
where
    R: Row,
    CalculationRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    if CalculationRow::from_row(row).is_ok_and(|row| Calculation::try_from(row).is_ok()) {
        return None;
    }
    let text: Option<String> = row.try_get("subject").ok();
    let digits: Option<i64> = row.try_get("digits").ok();
    Some(DamagedRow {
        by_index: row.try_get("idx").ok().map(|n| Subject::from(Index::new(n))),
        by_text: text.and_then(|text| text.parse().ok()),
        digits: digits.and_then(|digits| digits.try_into().ok()),
        request_check: row.try_get("request_check").ok(),
    })
}
