//! Counters, read times, and marks on values.

use model::{Calculation, Subject, Timestamp};

use super::Operation;
use crate::StoredValue;
use crate::sql::Statements;

/// Adds to request counts.
pub(crate) struct AddRequests(pub(crate) Vec<(Subject, u64)>);

impl Operation for AddRequests {
    type Answer = ();

    const DURABLE: bool = false;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<()> {
        statements.add_requests(&self.0).await
    }
}

/// Sets read times.
pub(crate) struct Touch {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) now: Timestamp,
}

impl Operation for Touch {
    type Answer = ();

    const DURABLE: bool = false;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<()> {
        statements.touch(&self.subjects, self.now).await
    }
}

/// Marks a value as evicted.
pub(crate) struct MarkEvicted(pub(crate) StoredValue);

impl Operation for MarkEvicted {
    type Answer = ();

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<()> {
        statements.mark_evicted(&self.0).await
    }
}

/// Marks an object as lost and queues its calculation.
///
/// Nobody holds a token of this repair, so it must not end with the next withdrawal. It is queued above the limit too,
/// because its value was promised before.
pub(crate) struct MarkLost(pub(crate) StoredValue);

impl Operation for MarkLost {
    type Answer = Option<Calculation>;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<Option<Calculation>> {
        let queued = statements.mark_lost(&self.0).await?;
        statements.queue_limit().add_queued(u64::from(queued.is_some()));
        Ok(queued)
    }
}

/// Checks that the database accepts writes, and writes nothing.
pub(crate) struct Ping;

impl Operation for Ping {
    type Answer = ();

    const DURABLE: bool = false;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<()> {
        statements.ping().await
    }
}
