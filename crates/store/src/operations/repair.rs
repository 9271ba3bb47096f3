//! Repairing damaged rows: their content is forgotten and computed again.

use model::{CalculationId, Lane, Subject};

use super::Operation;
use crate::metrics;
use crate::row::RepairedRow;
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
        metrics::row_damaged();
        statements.tolerate_damaged_indexes(true).await?;
        self.repair(statements, self.subject.clone().or_else(|| damaged.subject())).await?;
        statements.tolerate_damaged_indexes(false).await
    }
}

impl Repair {
    async fn repair<S: Statements>(&self, statements: &mut S, subject: Option<Subject>) -> sqlx::Result<()> {
        let Some(subject) = subject else {
            // Others must not wait for it.
            statements.set_aside(self.id).await?;
            tracing::error!(
                calculation.id = self.id.0,
                "row {} was damaged beyond repair: nothing tells what was submitted",
                self.id.0
            );
            return Ok(());
        };
        if statements.has_another(self.id, &subject).await? {
            // Submitted again since, when it could not be found.
            statements.delete(self.id).await?;
            tracing::error!(
                calculation.id = self.id.0,
                calculation.subject = %subject,
                "a row of {subject} was damaged; another has taken its place"
            );
            return Ok(());
        }
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
        Ok(())
    }
}
