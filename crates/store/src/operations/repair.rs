//! Repairing damaged rows: their content is forgotten and computed again.

use model::{CalculationId, Lane, Subject};

use super::Operation;
use crate::metrics;
use crate::row::{DamagedRow, RepairedRow, request_check};
use crate::sql::Statements;

/// Queues a damaged row as if its value had never been known. Does nothing if another process repaired it meanwhile.
///
/// A value whose row is damaged is lost, and computing it again is always right. Nobody holds a token of this repair.
pub(crate) struct Repair {
    pub(crate) id: CalculationId,
    /// The subject by which the row was found; `None` if it was found in another way.
    pub(crate) subject: Option<Subject>,
    /// Whether the damage is in the text beside the row, not in the row.
    pub(crate) is_text: bool,
}

impl Operation for Repair {
    type Answer = ();

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<()> {
        let Some(damaged) = statements.lock_damaged(self.id, self.is_text).await? else {
            return Ok(());
        };
        let unknown = || sqlx::Error::Decode("cannot identify the subject of a damaged row".into());
        let subject = self.subject.clone().or_else(|| subject_of(&damaged)).ok_or_else(unknown)?;
        let estimate = calculator::estimate(&subject);
        let repaired = RepairedRow { subject, digits: estimate.digits, lane: Lane::for_work(estimate.work) };
        statements.reset(self.id, &repaired).await?;
        statements.queue_limit().add_queued(1);
        tracing::error!(
            calculation.id = self.id.0,
            calculation.subject = %repaired.subject,
            "the row of {} was damaged; it is computed again",
            repaired.subject
        );
        metrics::row_damaged();
        Ok(())
    }
}

/// Returns the subject of a row. F(n) stands in two columns, one of which may be damaged; other subjects have their text
/// alone.
fn subject_of(row: &DamagedRow) -> Option<Subject> {
    let fits =
        |subject: &&Subject| row.digits.is_some_and(|digits| row.request_check == Some(request_check(subject, digits)));
    let both = [row.by_index.as_ref(), row.by_text.as_ref()];
    let fitting = both.into_iter().flatten().find(fits);
    let undisputed = row.by_text.as_ref().filter(|subject| row.by_index.as_ref().is_none_or(|other| other == *subject));
    fitting.or(undisputed).cloned()
}
