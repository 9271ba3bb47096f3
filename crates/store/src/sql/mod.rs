//! The statements that operations and reads need of a database.
//!
//! Most have the same text in both databases and stand in [`shared`] and [`queries`]; the rest is written per database.

pub(crate) mod lists;
pub(crate) mod queries;
pub(crate) mod shared;

use std::collections::HashMap;
use std::ops::Range;

use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};

use crate::row::{DamagedRow, LockedRow, RepairedRow};
use crate::rules::{NewLease, QueueLimit, ReleaseEffect};
use crate::{
    CompletedValue, CountedList, InlineValue, Lease, ListOrder, NewCalculation, QueueCounts, StoredValue, Unfinished,
    UnfinishedFilter, UnfinishedWork,
};

/// The statements of one transaction.
///
/// Those that take several rows lock them in the order of their ids and insert them in the order of their subjects, so
/// that two transactions with the same rows cannot deadlock.
pub(crate) trait Statements: Send {
    /// Whether this is the only transaction that writes, so that reading is as good as locking.
    const EXCLUSIVE: bool;

    /// Returns the limit of unfinished rows.
    fn queue_limit(&self) -> &QueueLimit;

    /// Counts unfinished rows, up to the limit.
    fn count_unfinished(&mut self) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Reads the rows of these subjects.
    fn find(&mut self, subjects: &[Subject]) -> impl Future<Output = sqlx::Result<HashMap<Subject, LockedRow>>> + Send;

    /// Reads the rows of these subjects and keeps other transactions from changing them. Does not keep others from
    /// adding tokens, which need only the key of the row.
    fn lock(&mut self, subjects: &[Subject]) -> impl Future<Output = sqlx::Result<HashMap<Subject, LockedRow>>> + Send;

    /// Locks one row.
    fn lock_one(&mut self, subject: &Subject) -> impl Future<Output = sqlx::Result<Option<LockedRow>>> + Send {
        async move { Ok(self.lock(std::slice::from_ref(subject)).await?.remove(subject)) }
    }

    /// Inserts rows. Leaves out and does not return those that exist.
    fn insert(&mut self, new: &[&NewCalculation]) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    /// Queues locked, finished rows again. What is known of their values stays: the new ones must agree with it.
    fn requeue(
        &mut self,
        again: &[(CalculationId, &NewCalculation)],
    ) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    /// Stores tokens; one that is there already is not an error.
    fn add_tokens(&mut self, tokens: &[(CalculationId, &AskToken)]) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Notes that these rows have a request without a token.
    fn make_unwithdrawable(&mut self, ids: &[CalculationId]) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Removes a token. Returns whether it was there.
    fn remove_token(&mut self, id: CalculationId, ask: &AskToken) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Returns whether a row has tokens.
    fn has_tokens(&mut self, id: CalculationId) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Cancels locked rows and removes their tokens.
    fn set_cancelled(
        &mut self,
        ids: &[CalculationId],
        now: Timestamp,
    ) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    /// Grants a lease with the next fence.
    fn set_running(
        &mut self,
        id: CalculationId,
        lease: NewLease,
        worker: &WorkerId,
        now: Timestamp,
    ) -> impl Future<Output = sqlx::Result<Calculation>> + Send;

    /// Extends a lease to its own length from now. Returns `false`, having changed nothing, if it is no longer held.
    fn extend_lease(&mut self, lease: &Lease, progress: Progress) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Returns a running row to the queue.
    fn set_released(
        &mut self,
        id: CalculationId,
        effect: ReleaseEffect,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Stores values whose text is missing and whose hash, if known, agrees. Leaves out and does not return other rows.
    fn set_done(&mut self, values: &[&CompletedValue]) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    /// Sets the end of a lease to its length from now.
    fn restart_lease(&mut self, id: CalculationId) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Locks a row and returns what can be read of it if it is damaged or, for `is_text`, if it is done.
    fn lock_damaged(
        &mut self,
        id: CalculationId,
        is_text: bool,
    ) -> impl Future<Output = sqlx::Result<Option<DamagedRow>>> + Send;

    /// Queues a row and forgets what was known of its value.
    fn reset(&mut self, id: CalculationId, row: &RepairedRow) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Returns whether another row than this one has a subject.
    fn has_another(&mut self, id: CalculationId, subject: &Subject) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Deletes a row.
    fn delete(&mut self, id: CalculationId) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Takes a row whose subject is lost out of everything that is read.
    fn set_aside(&mut self, id: CalculationId) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Sets whether a row can be changed that its indexes do not have as it is.
    fn tolerate_damaged_indexes(&mut self, is_tolerated: bool) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Fails unless writes are accepted.
    fn ping(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Counts every lease as lost and queues its row. Returns their number.
    fn void_leases(&mut self) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Fails a row. Its text, if there is one, is no longer served.
    fn set_failed(
        &mut self,
        row: &LockedRow,
        failure: &Failure,
        now: Timestamp,
    ) -> impl Future<Output = sqlx::Result<Calculation>> + Send;

    /// Adds to request counts.
    fn add_requests(&mut self, requests: &[(Subject, u64)]) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Sets the read times of values; they never go back.
    fn touch(&mut self, subjects: &[Subject], now: Timestamp) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Marks the value of a row as evicted and deletes its text, if it is this value.
    fn mark_evicted(&mut self, value: &StoredValue) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Queues a row whose object is lost, if it points to it.
    fn mark_lost(&mut self, object: &StoredValue) -> impl Future<Output = sqlx::Result<Option<Calculation>>> + Send;
}

/// Reads: one statement each, where the database has one for it.
pub(crate) trait Queries: Send + Sync {
    fn find(&self, subject: &Subject) -> impl Future<Output = sqlx::Result<Option<Calculation>>> + Send;

    fn find_batch(&self, subjects: &[Subject]) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    fn list(&self, order: ListOrder, limit: u32) -> impl Future<Output = sqlx::Result<Vec<Calculation>>> + Send;

    fn count(&self, list: CountedList) -> impl Future<Output = sqlx::Result<u64>> + Send;

    fn sum_digits(&self) -> impl Future<Output = sqlx::Result<u64>> + Send;

    fn unfinished(
        &self,
        after: Option<CalculationId>,
        limit: u32,
    ) -> impl Future<Output = sqlx::Result<Vec<Unfinished>>> + Send;

    fn unfinished_work(
        &self,
        filter: &UnfinishedFilter,
        after: Option<CalculationId>,
        limit: u32,
    ) -> impl Future<Output = sqlx::Result<Vec<UnfinishedWork>>> + Send;

    fn inline_value(&self, subject: &Subject) -> impl Future<Output = sqlx::Result<Option<InlineValue>>> + Send;

    fn value_bytes(&self, sizes: Range<u64>) -> impl Future<Output = sqlx::Result<u64>> + Send;

    fn lru_values(&self, sizes: Range<u64>, limit: u32) -> impl Future<Output = sqlx::Result<Vec<StoredValue>>> + Send;

    fn backlog(&self) -> impl Future<Output = sqlx::Result<QueueCounts>> + Send;
}
