//! The columns of a calculation, and their validation.

use model::{
    BoxError, Calculation, CalculationId, CalculationState, Failure, Progress, Sha256, Sha256Error, Status, Subject,
    SubjectError, Timestamp, TraceContextError, UnknownLane, UnknownReason, UnknownStatus, Value, ValueState,
};

use sha2::Digest;

use super::checksum::value_check;
use super::columns::row;
use super::{KeyColumns, sha256_from, value_state_str};

/// The columns of [`CalculationRow`], for `select`.
macro_rules! calculation_columns {
    () => {
        concat!($crate::row::key_columns!(), $crate::row::other_columns!())
    };
}
pub(crate) use calculation_columns;

/// The columns of [`CalculationRow`], for the `returning` of an update of a locked row, whose checksum was compared
/// before. SQLite returns a row as it was before its triggers.
macro_rules! returned_columns {
    () => {
        concat!("id, subject, idx, digits, request_check, true as has_row_check", $crate::row::other_columns!())
    };
}
pub(crate) use returned_columns;

macro_rules! other_columns {
    () => {
        ", status, asked, asked_at, queued_at, started_at, finished_at, attempt, progress, remaining_ms, waiting_for, \
         failure, failure_attempts, first_digits, last_digits, sha256, size_bytes, compute_ms, value_state, short_text, \
         value_check"
    };
}
pub(crate) use other_columns;

row! {
    /// A raw row, before validation.
    #[derive(Clone, Debug)]
    pub(crate) struct CalculationRow {
        status: String,
        asked: i64,
        asked_at: i64,
        queued_at: i64,
        started_at: Option<i64>,
        finished_at: Option<i64>,
        attempt: i64,
        progress: Option<f64>,
        remaining_ms: Option<i64>,
        waiting_for: Option<String>,
        failure: Option<String>,
        failure_attempts: Option<i64>,
        first_digits: Option<String>,
        last_digits: Option<String>,
        sha256: Option<Vec<u8>>,
        size_bytes: Option<i64>,
        compute_ms: Option<i64>,
        value_state: Option<String>,
        short_text: Option<String>,
        value_check: Option<i64>,
        ..key: KeyColumns,
    }
}

/// A row with a column that this version cannot read.
#[derive(Debug, thiserror::Error)]
#[error("calculation {id}: column {column}")]
pub(crate) struct RowError {
    /// The row.
    pub(crate) id: i64,
    /// The column.
    pub(crate) column: &'static str,
    /// The problem with it.
    #[source]
    pub(crate) source: ColumnError,
}

/// The problem with a column.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnError {
    #[error("expected a value for this status, got null")]
    Missing,
    #[error("negative or too large")]
    OutOfRange,
    #[error("does not have the known SHA-256")]
    HashMismatch,
    #[error("does not have the checksum of the row")]
    ChecksumMismatch,
    #[error("differs from the index of F(n)")]
    IndexMismatch,
    #[error("expected the subject by which the row was found; an index of the database is damaged, rebuild it")]
    OtherSubject,
    #[error("cannot be decoded")]
    Undecodable(#[source] BoxError),
    #[error("expected inline, object or evicted")]
    UnknownValueState,
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    Status(#[from] UnknownStatus),
    #[error(transparent)]
    Reason(#[from] UnknownReason),
    #[error(transparent)]
    Lane(#[from] UnknownLane),
    #[error(transparent)]
    Sha256(#[from] Sha256Error),
    #[error(transparent)]
    Trace(#[from] TraceContextError),
}

impl From<RowError> for sqlx::Error {
    fn from(error: RowError) -> Self {
        Self::Decode(Box::new(error))
    }
}

impl CalculationRow {
    /// Returns the SHA-256 that the value must have, whether or not its text is stored.
    pub(super) fn known_sha256(&self) -> Result<Option<Sha256>, RowError> {
        self.sha256.as_deref().map(sha256_from).transpose().map_err(self.at("sha256"))
    }

    /// Returns the calculation, which must be that of the subject by which it was found.
    pub(crate) fn of(self, subject: &Subject) -> Result<Calculation, RowError> {
        self.key.must_be(subject)?;
        self.try_into()
    }

    /// Compares what the row says of its value with its checksum, and a short text with its hash.
    fn check_value(&self, subject: &Subject) -> Result<(), RowError> {
        let Some(sha256) = self.known_sha256()? else { return Ok(()) };
        if let Some(check) = self.value_check {
            let size_bytes = self.require_count("size_bytes", self.size_bytes)?;
            let first_digits = self.require("first_digits", &self.first_digits)?;
            let last_digits = self.require("last_digits", &self.last_digits)?;
            if check != value_check(subject, sha256, size_bytes, &first_digits, &last_digits) {
                return Err(self.at("value_check")(ColumnError::ChecksumMismatch));
            }
        }
        match &self.short_text {
            Some(text) if sha2::Sha256::digest(text).as_slice() != sha256.0 => {
                Err(self.at("short_text")(ColumnError::HashMismatch))
            }
            _ => Ok(()),
        }
    }

    fn at<E: Into<ColumnError>>(&self, column: &'static str) -> impl Fn(E) -> RowError + use<E> {
        let id = self.key.id;
        move |error| RowError { id, column, source: error.into() }
    }

    fn require<T: Clone>(&self, column: &'static str, value: &Option<T>) -> Result<T, RowError> {
        value.clone().ok_or(ColumnError::Missing).map_err(self.at(column))
    }

    fn count<T: TryFrom<i64>>(&self, column: &'static str, value: i64) -> Result<T, RowError> {
        T::try_from(value).map_err(|_| ColumnError::OutOfRange).map_err(self.at(column))
    }

    fn require_count<T: TryFrom<i64>>(&self, column: &'static str, value: Option<i64>) -> Result<T, RowError> {
        self.count(column, self.require(column, &value)?)
    }

    fn time(&self, column: &'static str, value: Option<i64>) -> Result<Timestamp, RowError> {
        self.require(column, &value).map(Timestamp::from_unix_ms)
    }

    fn progress(&self) -> Result<Progress, RowError> {
        let remaining_ms = self.remaining_ms.map(|ms| self.count("remaining_ms", ms)).transpose()?;
        let fraction = self.progress.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&fraction) {
            return Err(self.at("progress")(ColumnError::OutOfRange));
        }
        Ok(Progress { fraction, remaining_ms })
    }

    fn failure(&self) -> Result<Failure, RowError> {
        let reason = self.require("failure", &self.failure)?.parse().map_err(self.at("failure"))?;
        Ok(Failure { reason, attempts: self.require_count("failure_attempts", self.failure_attempts)? })
    }

    fn value(&self) -> Result<Value, RowError> {
        let word = self.require("value_state", &self.value_state)?;
        let state = [ValueState::Inline, ValueState::Object, ValueState::Evicted]
            .into_iter()
            .find(|state| value_state_str(*state) == word);
        Ok(Value {
            sha256: self.require("sha256", &self.known_sha256()?)?,
            size_bytes: self.require_count("size_bytes", self.size_bytes)?,
            first_digits: self.require("first_digits", &self.first_digits)?,
            last_digits: self.require("last_digits", &self.last_digits)?,
            compute_ms: self.require_count("compute_ms", self.compute_ms)?,
            state: state.ok_or(ColumnError::UnknownValueState).map_err(self.at("value_state"))?,
            text: self.short_text.clone(),
        })
    }

    fn state(&self) -> Result<CalculationState, RowError> {
        Ok(match self.status.parse::<Status>().map_err(self.at("status"))? {
            Status::Queued => {
                let waiting_for = self.waiting_for.as_deref().map(str::parse).transpose();
                CalculationState::Queued { waiting_for: waiting_for.map_err(self.at("waiting_for"))? }
            }
            Status::Running => CalculationState::Running {
                started_at: self.time("started_at", self.started_at)?,
                progress: self.progress()?,
            },
            Status::Done => CalculationState::Done {
                started_at: self.time("started_at", self.started_at)?,
                finished_at: self.time("finished_at", self.finished_at)?,
                value: self.value()?,
            },
            Status::Failed => CalculationState::Failed {
                finished_at: self.time("finished_at", self.finished_at)?,
                failure: self.failure()?,
            },
            Status::Cancelled => {
                CalculationState::Cancelled { finished_at: self.time("finished_at", self.finished_at)? }
            }
        })
    }
}

impl TryFrom<CalculationRow> for Calculation {
    type Error = RowError;

    fn try_from(row: CalculationRow) -> Result<Self, RowError> {
        let (subject, digits) = row.key.checked()?;
        row.check_value(&subject)?;
        Ok(Self {
            id: CalculationId(row.key.id),
            subject,
            state: row.state()?,
            digits,
            request_count: row.count("asked", row.asked)?,
            asked_at: Timestamp::from_unix_ms(row.asked_at),
            queued_at: Some(Timestamp::from_unix_ms(row.queued_at)),
            attempt: row.count("attempt", row.attempt)?,
        })
    }
}
