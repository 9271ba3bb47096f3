//! Withdrawing requests, and cancelling whole calculations.

use model::{AskToken, Calculation, CalculationId, Subject, Timestamp};

use super::Operation;
use crate::WithdrawResult;
use crate::row::LockedRow;
use crate::rules::{Requests, WithdrawDecision, decide_withdraw};
use crate::sql::Statements;

/// Withdraws one request.
pub(crate) struct Withdraw {
    pub(crate) subject: Subject,
    pub(crate) ask: AskToken,
    pub(crate) now: Timestamp,
}

impl Operation for Withdraw {
    type Answer = WithdrawResult;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<WithdrawResult> {
        let Some(row) = statements.lock_one(&self.subject).await? else {
            return Ok(WithdrawResult::Unknown);
        };
        let is_removed = statements.remove_token(row.id(), &self.ask).await?;
        let are_left = statements.has_tokens(row.id()).await?;
        Ok(match decide_withdraw(&row, Requests { is_removed, are_left }) {
            WithdrawDecision::Conflict => WithdrawResult::Conflict(row.calculation),
            WithdrawDecision::Forbidden => WithdrawResult::Forbidden,
            WithdrawDecision::StillRequested => WithdrawResult::StillAsked(row.calculation),
            WithdrawDecision::Cancel => {
                let cancelled = statements.set_cancelled(&[row.id()], self.now).await?.pop();
                WithdrawResult::Cancelled(cancelled.ok_or(sqlx::Error::RowNotFound)?)
            }
        })
    }
}

/// Cancels queued and running calculations, whatever tokens they have.
pub(crate) struct CancelAll {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) now: Timestamp,
}

impl Operation for CancelAll {
    type Answer = Vec<Calculation>;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<Vec<Calculation>> {
        let rows = statements.lock(&self.subjects).await?;
        let unfinished = rows.values().filter(|row| !row.calculation.status().is_final());
        let ids: Vec<CalculationId> = unfinished.map(LockedRow::id).collect();
        statements.set_cancelled(&ids, self.now).await
    }
}
