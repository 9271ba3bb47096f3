//! Rows that are more or less than a whole calculation.

use model::{Calculation, CalculationId, Sha256, Status, Timestamp};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::{CalculationRow, Fault, RowError, sha256_of};
use crate::{Lease, StoredObject, Unfinished};

/// A whole calculation, believed.
pub(crate) struct Whole(pub(crate) Calculation);

impl<'r, R: Row> FromRow<'r, R> for Whole
where
    CalculationRow: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self(CalculationRow::from_row(row)?.try_into()?))
    }
}

/// A row as a change sees it before it decides.
pub(crate) struct Standing {
    pub(crate) calculation: Calculation,
    pub(crate) known_sha256: Option<Sha256>,
    pub(crate) fence: i64,
    pub(crate) lost_leases: i64,
    /// What is left of the lease by the database's clock; nothing or less when it has run out.
    pub(crate) lease_left_ms: i64,
    pub(crate) unwithdrawable: bool,
}

impl Standing {
    pub(crate) fn id(&self) -> CalculationId {
        self.calculation.id
    }

    /// Whether this lease is the row's, or the row waits without one.
    pub(crate) fn is_held_by(&self, lease: Option<&Lease>) -> bool {
        match lease {
            Some(lease) => self.calculation.status() == Status::Running && self.fence == lease.fence,
            None => self.calculation.status() == Status::Queued,
        }
    }
}

impl<'r, R: Row> FromRow<'r, R> for Standing
where
    CalculationRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
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

/// A row that has just been leased.
pub(crate) struct Leased {
    pub(crate) fence: i64,
    pub(crate) errors: u32,
    pub(crate) calculation: Calculation,
}

impl<'r, R: Row> FromRow<'r, R> for Leased
where
    CalculationRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let Whole(calculation) = Whole::from_row(row)?;
        let id = calculation.id.0;
        let errors: i64 = row.try_get("errors")?;
        let errors = errors.try_into().map_err(|_| RowError { id, column: "errors", fault: Fault::OutOfRange })?;
        Ok(Self { fence: row.try_get("fence")?, errors, calculation })
    }
}

impl<'r, R: Row> FromRow<'r, R> for Unfinished
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let id = row.try_get("id")?;
        let at = |column| move |fault: Fault| RowError { id, column, fault };
        let subject: String = row.try_get("subject")?;
        let lane: String = row.try_get("lane")?;
        let attempt: i64 = row.try_get("attempt")?;
        let traceparent: Option<String> = row.try_get("traceparent")?;
        let traceparent = traceparent.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: CalculationId(id),
            subject: subject.parse().map_err(Fault::from).map_err(at("subject"))?,
            lane: lane.parse().map_err(Fault::from).map_err(at("lane"))?,
            attempt: attempt.try_into().map_err(|_| Fault::OutOfRange).map_err(at("attempt"))?,
            asked_at: Timestamp::from_unix_ms(row.try_get("queued_at")?),
            traceparent: traceparent.map_err(Fault::from).map_err(at("traceparent"))?,
        })
    }
}

impl<'r, R: Row> FromRow<'r, R> for StoredObject
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let id = row.try_get("id")?;
        let at = |column| move |fault: Fault| RowError { id, column, fault };
        let subject: String = row.try_get("subject")?;
        let sha256: Vec<u8> = row.try_get("sha256")?;
        let size_bytes: i64 = row.try_get("size_bytes")?;
        Ok(Self {
            subject: subject.parse().map_err(Fault::from).map_err(at("subject"))?,
            sha256: sha256_of(&sha256).map_err(Fault::from).map_err(at("sha256"))?,
            size_bytes: size_bytes.try_into().map_err(|_| Fault::OutOfRange).map_err(at("size_bytes"))?,
        })
    }
}

/// The text of a value as it lies in the record, not yet compared with its hash.
pub(crate) struct InlineRow {
    pub(crate) id: i64,
    text: Option<String>,
    sha256: Vec<u8>,
}

impl InlineRow {
    /// The text, if it is there and has the hash that the record knows.
    pub(crate) fn check(self) -> Result<crate::InlineValue, RowError> {
        use sha2::Digest;

        let at = |column| move |fault: Fault| RowError { id: self.id, column, fault };
        let text = self.text.ok_or(Fault::Missing).map_err(at("text"))?;
        let sha256 = sha256_of(&self.sha256).map_err(Fault::from).map_err(at("sha256"))?;
        if sha2::Sha256::digest(&text).as_slice() != sha256.0 {
            return Err(at("text")(Fault::OtherHash));
        }
        Ok(crate::InlineValue { text, sha256 })
    }
}

impl<'r, R: Row> FromRow<'r, R> for InlineRow
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self { id: row.try_get("id")?, text: row.try_get("text")?, sha256: row.try_get("sha256")? })
    }
}

/// The counts of one status and lane, as `status, lane, rows, oldest`.
pub(crate) type BacklogRow = (String, String, i64, i64);

/// Puts the counts of all statuses and lanes together.
pub(crate) fn backlog_of(groups: Vec<BacklogRow>) -> sqlx::Result<crate::QueueCounts> {
    let mut backlog = crate::QueueCounts::default();
    for (status, lane, rows, oldest) in groups {
        let rows = u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))?;
        // A lane that only a newer version knows is counted by that version.
        let Some(lane) = model::Lane::ALL.iter().position(|known| known.as_str() == lane) else { continue };
        if status == Status::Queued.as_str() {
            backlog.queued[lane] = rows;
            backlog.oldest_queued_at[lane] = Some(Timestamp::from_unix_ms(oldest));
        } else {
            backlog.running[lane] = rows;
        }
    }
    Ok(backlog)
}
