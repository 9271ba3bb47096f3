//! The columns that say which calculation a row is.

use model::{Index, Subject};

use super::checksum::request_check;
use super::columns::row;
use super::{ColumnError, RowError};

/// Whether a row has the checksum of its counts and times, which the database keeps: `null`, which is none, has it too.
macro_rules! has_row_check {
    () => {
        "(row_check is null or row_check = id % 2147483659 + 3 * (asked % 2147483659) + 5 * (asked_at % 2147483659) + \
         7 * (queued_at % 2147483659) + 11 * (coalesce(started_at, -1) % 2147483659) + \
         13 * (coalesce(finished_at, -1) % 2147483659) + 17 * (attempt % 2147483659) + \
         19 * (coalesce(failure_attempts, -1) % 2147483659) + 23 * (coalesce(compute_ms, -1) % 2147483659))"
    };
}
pub(crate) use has_row_check;

/// The columns of [`KeyColumns`], for `select`.
macro_rules! key_columns {
    () => {
        concat!("id, subject, idx, digits, request_check, ", $crate::row::has_row_check!(), " as has_row_check")
    };
}
pub(crate) use key_columns;

row! {
    /// The columns that say which calculation a row is. Every row that is read has them.
    #[derive(Clone, Debug)]
    pub(crate) struct KeyColumns {
        pub(super) id: i64,
        subject: String,
        idx: Option<i64>,
        digits: i64,
        request_check: Option<i64>,
        has_row_check: bool,
    }
}

impl KeyColumns {
    /// Returns the subject and its digits, which must have their checksum, as the rest of the row must have its own. F(n)
    /// has an index beside its text, which must agree.
    pub(super) fn checked(&self) -> Result<(Subject, u64), RowError> {
        let digits = u64::try_from(self.digits).map_err(|_| self.error("digits", ColumnError::OutOfRange))?;
        let subject = match self.idx {
            Some(n) => Subject::from(Index::new(n)),
            None => self.subject.parse().map_err(|error: model::SubjectError| self.error("subject", error.into()))?,
        };
        if self.idx.is_some() && subject.to_string() != self.subject {
            return Err(self.error("subject", ColumnError::IndexMismatch));
        }
        if self.request_check.is_some_and(|check| check != request_check(&subject, digits)) {
            return Err(self.error("request_check", ColumnError::ChecksumMismatch));
        }
        if !self.has_row_check {
            return Err(self.error("row_check", ColumnError::ChecksumMismatch));
        }
        Ok((subject, digits))
    }

    /// Fails unless the row is that of the subject by which it was found: an index of the database may be damaged.
    pub(super) fn must_be(&self, expected: &Subject) -> Result<(), RowError> {
        let (subject, _) = self.checked()?;
        if subject == *expected { Ok(()) } else { Err(self.error("subject", ColumnError::OtherSubject)) }
    }

    pub(super) const fn error(&self, column: &'static str, source: ColumnError) -> RowError {
        RowError { id: self.id, column, source }
    }
}
