//! The transactions of the store, written once for both databases.
//!
//! An operation locks rows, lets [`rules`](crate::rules) decide, and runs the statements of the decision.

mod complete;
mod lease;
mod marks;
mod repair;
mod submit;
mod withdraw;

pub(crate) use self::complete::{Complete, CompleteAll, Fail};
#[cfg(feature = "postgres")]
pub(crate) use self::complete::{complete_batch, complete_unfinished};
pub(crate) use self::lease::{ReleaseLease, RenewLease, TakeLease, VoidLeases};
pub(crate) use self::marks::{AddRequests, MarkEvicted, MarkLost, Ping, Touch};
pub(crate) use self::repair::Repair;
pub(crate) use self::submit::{Submit, SubmitAll};
#[cfg(feature = "postgres")]
pub(crate) use self::submit::{SubmitAnswer, insert_without_tokens, submit_batch};
pub(crate) use self::withdraw::{CancelAll, Withdraw};
use crate::sql::Statements;

/// A transaction.
///
/// It may run a second time if its first transaction was rolled back.
pub(crate) trait Operation: Send + Sync + 'static {
    /// The result for its caller after the commit.
    type Answer: Send + 'static;

    /// Whether the commit must be durable before the caller is answered.
    const DURABLE: bool = true;

    fn run<S: Statements>(&self, statements: &mut S) -> impl Future<Output = sqlx::Result<Self::Answer>> + Send;
}
