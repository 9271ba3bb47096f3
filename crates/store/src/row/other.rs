//! Rows that are less than a calculation.

use model::{
    Calculation, CalculationId, CalculationState, Lane, Status, Subject, Submitter, Timestamp, Value, ValueState,
};
use sha2::Digest;

use super::columns::row;
use super::{ColumnError, KeyColumns, RowError, sha256_from};
use crate::rules::is_short;
use crate::{
    CompletedValue, InlineValue, NewCalculation, Placement, QueueCounts, StoredValue, Unfinished, UnfinishedWork,
};

row! {
    /// A row of the sweep.
    #[derive(Debug)]
    pub(crate) struct UnfinishedRow {
        lane: String,
        attempt: i64,
        queued_at: i64,
        submitter: Option<String>,
        traceparent: Option<String>,
        ..key: KeyColumns,
    }
}

impl TryFrom<UnfinishedRow> for Unfinished {
    type Error = RowError;

    fn try_from(row: UnfinishedRow) -> Result<Self, RowError> {
        let key = &row.key;
        let at = |column| move |source: ColumnError| key.error(column, source);
        let traceparent = row.traceparent.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: CalculationId(key.id),
            subject: key.checked()?.0,
            lane: row.lane.parse().map_err(ColumnError::from).map_err(at("lane"))?,
            attempt: row.attempt.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("attempt"))?,
            queued_at: Timestamp::from_unix_ms(row.queued_at),
            submitter: submitter(row.submitter.as_deref()),
            traceparent: traceparent.map_err(ColumnError::from).map_err(at("traceparent"))?,
        })
    }
}

row! {
    /// A queued or running row.
    #[derive(Debug)]
    pub(crate) struct UnfinishedWorkRow {
        status: String,
        lane: String,
        queued_at: i64,
        submitter: Option<String>,
        ..key: KeyColumns,
    }
}

impl TryFrom<UnfinishedWorkRow> for UnfinishedWork {
    type Error = RowError;

    fn try_from(row: UnfinishedWorkRow) -> Result<Self, RowError> {
        let key = &row.key;
        let at = |column| move |source: ColumnError| key.error(column, source);
        Ok(Self {
            id: CalculationId(key.id),
            subject: key.checked()?.0,
            status: row.status.parse().map_err(ColumnError::from).map_err(at("status"))?,
            lane: row.lane.parse().map_err(ColumnError::from).map_err(at("lane"))?,
            queued_at: Timestamp::from_unix_ms(row.queued_at),
            submitter: submitter(row.submitter.as_deref()),
        })
    }
}

/// Returns the submitter, or `None` for what cannot be read: work must not stop for it.
fn submitter(text: Option<&str>) -> Option<Submitter> {
    text.and_then(|text| text.parse().ok())
}

row! {
    /// The columns, besides its value, of a row that was just done.
    #[derive(Debug)]
    pub(crate) struct DoneRow {
        id: i64,
        asked: i64,
        asked_at: i64,
        queued_at: i64,
        attempt: i64,
    }
}

#[cfg(feature = "postgres")]
row! {
    /// One of several rows that were just done.
    #[derive(Debug)]
    pub(crate) struct KeyedDoneRow {
        pub(crate) subject: String,
        ..done: DoneRow,
    }
}

impl DoneRow {
    /// Returns the calculation that the row and the value stored in it make.
    pub(crate) fn done_with(self, value: &CompletedValue) -> Result<Calculation, RowError> {
        let at = |column| move |source: ColumnError| RowError { id: self.id, column, source };
        let (state, text) = match &value.placement {
            Placement::Inline(text) => (ValueState::Inline, is_short(value).then(|| text.clone())),
            Placement::Object => (ValueState::Object, None),
        };
        let CompletedValue { started_at, finished_at, digits, .. } = *value;
        let subject = value.subject.clone();
        let value = Value {
            sha256: value.sha256,
            size_bytes: value.size_bytes,
            first_digits: value.first_digits.clone(),
            last_digits: value.last_digits.clone(),
            compute_ms: value.compute_ms,
            state,
            text,
        };
        Ok(Calculation {
            id: CalculationId(self.id),
            subject,
            state: CalculationState::Done { started_at, finished_at, value },
            digits,
            request_count: self.asked.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("asked"))?,
            asked_at: Timestamp::from_unix_ms(self.asked_at),
            queued_at: Some(Timestamp::from_unix_ms(self.queued_at)),
            attempt: self.attempt.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("attempt"))?,
        })
    }
}

impl NewCalculation {
    /// Returns the calculation of the row that was inserted for this request.
    pub(crate) fn inserted_as(&self, id: i64) -> Calculation {
        Calculation {
            id: CalculationId(id),
            subject: self.subject.clone(),
            state: CalculationState::Queued { waiting_for: None },
            digits: self.digits,
            request_count: 1,
            asked_at: self.now,
            queued_at: Some(self.now),
            attempt: 0,
        }
    }
}

row! {
    /// A row that points to an object.
    #[derive(Debug)]
    pub(crate) struct StoredValueRow {
        sha256: Vec<u8>,
        size_bytes: i64,
        ..key: KeyColumns,
    }
}

impl TryFrom<StoredValueRow> for StoredValue {
    type Error = RowError;

    fn try_from(row: StoredValueRow) -> Result<Self, RowError> {
        let key = &row.key;
        let at = |column| move |source: ColumnError| key.error(column, source);
        Ok(Self {
            subject: key.checked()?.0,
            sha256: sha256_from(&row.sha256).map_err(ColumnError::from).map_err(at("sha256"))?,
            size_bytes: row.size_bytes.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("size_bytes"))?,
        })
    }
}

row! {
    /// The text of an inline value, before it is compared with its hash.
    #[derive(Debug)]
    pub(crate) struct InlineRow {
        text: Option<String>,
        sha256: Vec<u8>,
        ..key: KeyColumns,
    }
}

impl InlineRow {
    /// Returns the value, which must be that of the subject by which it was found.
    pub(crate) fn of(self, subject: &Subject) -> Result<InlineValue, RowError> {
        self.key.must_be(subject)?;
        let key = &self.key;
        let at = |column| move |source: ColumnError| key.error(column, source);
        let text = self.text.ok_or(ColumnError::Missing).map_err(at("text"))?;
        let sha256 = sha256_from(&self.sha256).map_err(ColumnError::from).map_err(at("sha256"))?;
        if sha2::Sha256::digest(&text).as_slice() != sha256.0 {
            return Err(at("text")(ColumnError::HashMismatch));
        }
        Ok(InlineValue { text, sha256 })
    }
}

/// The unfinished rows of one status and lane: `status, lane, count, oldest queued_at`.
pub(crate) type BacklogRow = (String, String, i64, i64);

pub(crate) fn queue_counts(rows: Vec<BacklogRow>) -> sqlx::Result<QueueCounts> {
    let mut counts = QueueCounts::default();
    for (status, lane, count, oldest) in rows {
        let count = u64::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))?;
        // A lane that only a newer version knows is counted by that version.
        let Some(lane) = Lane::ALL.iter().position(|known| known.as_str() == lane) else { continue };
        if status == Status::Queued.as_str() {
            counts.queued[lane] = count;
            counts.oldest_queued_at[lane] = Some(Timestamp::from_unix_ms(oldest));
        } else {
            counts.running[lane] = count;
        }
    }
    Ok(counts)
}
