//! A row of `calculations` as it comes out of either database, and what it means.

mod parts;

use model::{
    Calculation, CalculationId, CalculationState, Failure, FailureReason, Progress, Sha256, Sha256Error, Status,
    Subject, SubjectError, Timestamp, UnknownReason, UnknownStatus, Value, ValueState, WaitingFor,
};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

pub(crate) use self::parts::{BacklogRow, InlineRow, Leased, Standing, Whole, backlog_of};

/// The columns that [`CalculationRow`] reads, for `select` and `returning`.
macro_rules! calculation_columns {
    () => {
        "id, subject, status, digits, asked, asked_at, started_at, finished_at, attempt, progress, remaining_ms, \
         waiting_for, failure, failure_attempts, first_digits, last_digits, sha256, size_bytes, compute_ms, \
         value_state, short_text"
    };
}
pub(crate) use calculation_columns;

/// A row, not yet believed.
#[derive(Debug)]
pub(crate) struct CalculationRow {
    id: i64,
    subject: String,
    status: String,
    digits: i64,
    asked: i64,
    asked_at: i64,
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
}

/// A row that says something this version cannot understand.
#[derive(Debug, thiserror::Error)]
#[error("calculation {id}: column {column}")]
pub(crate) struct RowError {
    /// Which row.
    pub(crate) id: i64,
    /// Which of its columns.
    pub(crate) column: &'static str,
    /// What is wrong with it.
    #[source]
    pub(crate) fault: Fault,
}

/// What can be wrong with a column.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("empty, though the status demands it")]
    Missing,
    #[error("negative or too large")]
    OutOfRange,
    #[error("not of the hash that the record knows")]
    OtherHash,
    #[error("no such state of a value")]
    UnknownValueState,
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    Status(#[from] UnknownStatus),
    #[error(transparent)]
    Reason(#[from] UnknownReason),
    #[error(transparent)]
    Lane(#[from] model::UnknownLane),
    #[error(transparent)]
    Sha256(#[from] Sha256Error),
    #[error(transparent)]
    Trace(#[from] model::TraceContextError),
}

impl From<RowError> for sqlx::Error {
    fn from(error: RowError) -> Self {
        Self::Decode(Box::new(error))
    }
}

impl CalculationRow {
    /// The hash that the value is known to have, whether or not its text is there.
    pub(crate) fn known_sha256(&self) -> Result<Option<Sha256>, RowError> {
        self.sha256.as_deref().map(sha256_of).transpose().map_err(self.at("sha256"))
    }

    fn at<E: Into<Fault>>(&self, column: &'static str) -> impl Fn(E) -> RowError + use<E> {
        let id = self.id;
        move |fault| RowError { id, column, fault: fault.into() }
    }

    fn demand<T: Clone>(&self, column: &'static str, value: &Option<T>) -> Result<T, RowError> {
        value.clone().ok_or(Fault::Missing).map_err(self.at(column))
    }

    fn count<T: TryFrom<i64>>(&self, column: &'static str, value: i64) -> Result<T, RowError> {
        T::try_from(value).map_err(|_| Fault::OutOfRange).map_err(self.at(column))
    }

    fn time(&self, column: &'static str, value: Option<i64>) -> Result<Timestamp, RowError> {
        self.demand(column, &value).map(Timestamp::from_unix_ms)
    }

    fn waiting_for(&self) -> Result<Option<WaitingFor>, RowError> {
        self.waiting_for.as_deref().map(str::parse).transpose().map_err(self.at("waiting_for"))
    }

    fn progress(&self) -> Result<Progress, RowError> {
        let remaining = self.remaining_ms.map(|ms| self.count("remaining_ms", ms));
        Ok(Progress { fraction: self.progress.unwrap_or(0.0), remaining_ms: remaining.transpose()? })
    }

    fn failure(&self) -> Result<Failure, RowError> {
        let reason = self.demand("failure", &self.failure)?;
        let reason: FailureReason = reason.parse().map_err(self.at("failure"))?;
        let attempts = self.demand("failure_attempts", &self.failure_attempts)?;
        Ok(Failure { reason, attempts: self.count("failure_attempts", attempts)? })
    }

    fn value(&self) -> Result<Value, RowError> {
        let sha256 = self.known_sha256()?;
        let state = self.demand("value_state", &self.value_state)?;
        Ok(Value {
            sha256: self.demand("sha256", &sha256)?,
            size_bytes: self.count("size_bytes", self.demand("size_bytes", &self.size_bytes)?)?,
            first_digits: self.demand("first_digits", &self.first_digits)?,
            last_digits: self.demand("last_digits", &self.last_digits)?,
            compute_ms: self.count("compute_ms", self.demand("compute_ms", &self.compute_ms)?)?,
            state: value_state_of(&state).ok_or(Fault::UnknownValueState).map_err(self.at("value_state"))?,
            text: self.short_text.clone(),
        })
    }

    fn state(&self) -> Result<CalculationState, RowError> {
        Ok(match self.status.parse::<Status>().map_err(self.at("status"))? {
            Status::Queued => CalculationState::Queued { waiting_for: self.waiting_for()? },
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
        (&row).try_into()
    }
}

impl TryFrom<&CalculationRow> for Calculation {
    type Error = RowError;

    fn try_from(row: &CalculationRow) -> Result<Self, RowError> {
        Ok(Self {
            id: CalculationId(row.id),
            subject: row.subject.parse::<Subject>().map_err(row.at("subject"))?,
            state: row.state()?,
            digits: row.count("digits", row.digits)?,
            request_count: row.count("asked", row.asked)?,
            asked_at: Timestamp::from_unix_ms(row.asked_at),
            attempt: row.count("attempt", row.attempt)?,
        })
    }
}

impl<'r, R: Row> FromRow<'r, R> for CalculationRow
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    f64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            subject: row.try_get("subject")?,
            status: row.try_get("status")?,
            digits: row.try_get("digits")?,
            asked: row.try_get("asked")?,
            asked_at: row.try_get("asked_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
            attempt: row.try_get("attempt")?,
            progress: row.try_get("progress")?,
            remaining_ms: row.try_get("remaining_ms")?,
            waiting_for: row.try_get("waiting_for")?,
            failure: row.try_get("failure")?,
            failure_attempts: row.try_get("failure_attempts")?,
            first_digits: row.try_get("first_digits")?,
            last_digits: row.try_get("last_digits")?,
            sha256: row.try_get("sha256")?,
            size_bytes: row.try_get("size_bytes")?,
            compute_ms: row.try_get("compute_ms")?,
            value_state: row.try_get("value_state")?,
            short_text: row.try_get("short_text")?,
        })
    }
}

/// The 32 bytes of a hash as they lie in a column.
pub(crate) fn sha256_of(bytes: &[u8]) -> Result<Sha256, Sha256Error> {
    bytes.try_into().map(Sha256).map_err(|_| Sha256Error)
}

/// The word for a state of a value in the record.
pub(crate) const fn value_state_word(state: ValueState) -> &'static str {
    match state {
        ValueState::Inline => "inline",
        ValueState::Object => "object",
        ValueState::Evicted => "evicted",
    }
}

fn value_state_of(word: &str) -> Option<ValueState> {
    [ValueState::Inline, ValueState::Object, ValueState::Evicted]
        .into_iter()
        .find(|state| value_state_word(*state) == word)
}

/// A count as databases hold it. None that this system can reach is cut off: 2^63 digits fit no disk.
pub(crate) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
