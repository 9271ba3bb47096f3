//! Rows that are less than a calculation.

use model::{CalculationId, Index, Lane, Status, Timestamp};
use sha2::Digest;

use super::columns::row;
use super::{ColumnError, RowError, sha256_from};
use crate::{InlineValue, QueueCounts, StoredObject, Unfinished};

row! {
    /// A row of the sweep.
    #[derive(Debug)]
    pub(crate) struct UnfinishedRow {
        id: i64,
        idx: i64,
        lane: String,
        attempt: i64,
        queued_at: i64,
        traceparent: Option<String>,
    }
}

impl TryFrom<UnfinishedRow> for Unfinished {
    type Error = RowError;

    fn try_from(row: UnfinishedRow) -> Result<Self, RowError> {
        let at = |column| move |source: ColumnError| RowError { id: row.id, column, source };
        let traceparent = row.traceparent.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: CalculationId(row.id),
            subject: Index::new(row.idx).into(),
            lane: row.lane.parse().map_err(ColumnError::from).map_err(at("lane"))?,
            attempt: row.attempt.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("attempt"))?,
            asked_at: Timestamp::from_unix_ms(row.queued_at),
            traceparent: traceparent.map_err(ColumnError::from).map_err(at("traceparent"))?,
        })
    }
}

row! {
    /// A row that points to an object.
    #[derive(Debug)]
    pub(crate) struct ObjectRow {
        id: i64,
        subject: String,
        sha256: Vec<u8>,
        size_bytes: i64,
    }
}

impl TryFrom<ObjectRow> for StoredObject {
    type Error = RowError;

    fn try_from(row: ObjectRow) -> Result<Self, RowError> {
        let at = |column| move |source: ColumnError| RowError { id: row.id, column, source };
        Ok(Self {
            subject: row.subject.parse().map_err(ColumnError::from).map_err(at("subject"))?,
            sha256: sha256_from(&row.sha256).map_err(ColumnError::from).map_err(at("sha256"))?,
            size_bytes: row.size_bytes.try_into().map_err(|_| ColumnError::OutOfRange).map_err(at("size_bytes"))?,
        })
    }
}

row! {
    /// The text of an inline value, before it is compared with its hash.
    #[derive(Debug)]
    pub(crate) struct InlineRow {
        id: i64,
        text: Option<String>,
        sha256: Vec<u8>,
    }
}

impl TryFrom<InlineRow> for InlineValue {
    type Error = RowError;

    fn try_from(row: InlineRow) -> Result<Self, RowError> {
        let at = |column| move |source: ColumnError| RowError { id: row.id, column, source };
        let text = row.text.ok_or(ColumnError::Missing).map_err(at("text"))?;
        let sha256 = sha256_from(&row.sha256).map_err(ColumnError::from).map_err(at("sha256"))?;
        if sha2::Sha256::digest(&text).as_slice() != sha256.0 {
            return Err(at("text")(ColumnError::HashMismatch));
        }
        Ok(Self { text, sha256 })
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
