//! The port: the guarantees of the store, whichever database is behind it.

mod requests;
mod results;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};

pub use self::requests::{
    CompletedValue, CountedList, Lease, ListOrder, NewCalculation, Placement, Release, StoreLimits, StoredValue,
    UnfinishedFilter,
};
pub use self::results::{
    CompleteResult, InlineValue, LeaseResult, QueueCounts, RenewResult, SubmitResult, Unfinished, UnfinishedWork,
    WithdrawResult,
};
use crate::StoreError;

/// The store of calculations.
///
/// Every method is one transaction, holds no connection when it returns, and may be dropped at any await: it then
/// happened completely or not at all. Writes are durable when the method returns `Ok`, except counters, renewals and
/// read times, which are self-correcting. The database's clock decides leases.
///
/// ```
/// use model::{Index, Lane, Subject, Timestamp};
/// use store::{NewCalculation, SqliteStore, Store, StoreLimits, SubmitResult};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(&folder.path().join("store.sqlite"), StoreLimits::default()).await?;
/// let subject = Subject::from(Index::new(1000));
/// let request = NewCalculation {
///     subject: subject.clone(),
///     digits: 209,
///     lane: Lane::Short,
///     ask: None,
///     submitter: None,
///     traceparent: None,
///     now: Timestamp::from_unix_ms(1_764_000_000_000),
/// };
/// assert!(matches!(store.submit(&request).await?, SubmitResult::Queued(_)));
/// assert!(matches!(store.submit(&request).await?, SubmitResult::Pending(_)));
/// assert!(store.find(&subject).await?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[async_trait]
pub trait Store: Send + Sync {
    /// Accepts a calculation. When this returns `Ok`, the row is durable.
    ///
    /// A subject has one row. Known values are returned as they are, unfinished work gets one request more, and
    /// failed, cancelled and evicted calculations are queued again.
    ///
    /// # Errors
    /// `QueueFull` and `Full` when nothing was stored for lack of space, `Unavailable` when the database cannot be
    /// reached.
    async fn submit(&self, request: &NewCalculation) -> Result<SubmitResult, StoreError>;

    /// Accepts calculations like [`submit`](Self::submit), all in one transaction or, after an error, none. Returns the
    /// result for each, in their order.
    ///
    /// # Errors
    /// As `submit`; `QueueFull` when there is no room for all of them.
    async fn submit_batch(&self, requests: &[NewCalculation]) -> Result<Vec<SubmitResult>, StoreError>;

    /// Returns the calculation of a subject; `None` if it was never submitted.
    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError>;

    /// Returns the calculations of subjects, in no particular order; those that were never submitted are left out.
    async fn find_batch(&self, subjects: &[Subject]) -> Result<Vec<Calculation>, StoreError>;

    /// Returns up to `limit` calculations in an order.
    ///
    /// Costs the same on any page. Short values (up to `Value::TEXT_DIGITS`) are included.
    async fn list(&self, order: ListOrder, limit: u32) -> Result<Vec<Calculation>, StoreError>;

    /// Returns how many calculations a list has. Reads an index of them all.
    async fn count(&self, list: CountedList) -> Result<u64, StoreError>;

    /// Returns the sum of the digits of all values that were ever computed, evicted ones included. Reads all rows.
    async fn sum_digits(&self) -> Result<u64, StoreError>;

    /// Adds to the request counts of subjects. The submission that creates a row is its first request and counted
    /// there; every later one is counted here. Unknown subjects are ignored.
    async fn add_requests(&self, requests: &[(Subject, u64)]) -> Result<(), StoreError>;

    /// Withdraws one request. Work becomes `cancelled` with the last one.
    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError>;

    /// Returns up to `limit` calculations after `after`, in order of first submission, that no worker is known to
    /// work on: queued, or running under an expired lease. The sweep enqueues them.
    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError>;

    /// Returns up to `limit` queued and running calculations after `after`, in order of first submission.
    async fn unfinished_work(
        &self,
        filter: &UnfinishedFilter,
        after: Option<CalculationId>,
        limit: u32,
    ) -> Result<Vec<UnfinishedWork>, StoreError>;

    /// Cancels queued and running calculations, whatever tokens they have. Returns those that it cancelled.
    async fn cancel(&self, subjects: &[Subject], now: Timestamp) -> Result<Vec<Calculation>, StoreError>;

    /// Takes a lease on work over [`model::LEASED_ABOVE`]: the row becomes `running` with a new fence.
    ///
    /// The lease lasts [`model::lease_after_losses`] of `lease` and the leases lost in a row. A fifth lease lost in a row
    /// fails the row.
    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError>;

    /// Extends a lease to its own length from now and stores the progress.
    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError>;

    /// Returns a leased row to `queued`. Returns `false`, having changed nothing, if the lease is no longer held.
    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError>;

    /// Stores a right value, whichever worker computed it and whatever happened to its lease, if the row is queued,
    /// running or evicted. The same value again is not an error. A cancelled or failed row stays as it is.
    async fn complete(&self, value: &CompletedValue) -> Result<CompleteResult, StoreError>;

    /// Stores values like [`complete`](Self::complete), in few calls of the database. Returns the result for each, in
    /// their order. After an error some of them may be stored.
    async fn complete_batch(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, StoreError> {
        let mut results = Vec::with_capacity(values.len());
        for value in values {
            results.push(self.complete(value).await?);
        }
        Ok(results)
    }

    /// Fails a row if `lease` is still held or, with `None`, if the row is queued. Returns the row, or `None` if
    /// nothing was changed.
    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError>;

    /// Returns the text of a value that is stored inline; `None` if there is none.
    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError>;

    /// Sets the read time of these values, which decides the order of eviction: exactly for objects, to the minute for
    /// texts in the database.
    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError>;

    /// Returns the bytes of all texts above 1,000 digits, in the database and as objects, whose size is in a range.
    async fn value_bytes(&self, sizes: Range<u64>) -> Result<u64, StoreError>;

    /// Returns up to `limit` of the values that [`value_bytes`](Self::value_bytes) counts, least recently read first.
    async fn lru_values(&self, sizes: Range<u64>, limit: u32) -> Result<Vec<StoredValue>, StoreError>;

    /// Marks a value as evicted and deletes its text from the database: its facts stay, and the next submission computes
    /// it again.
    async fn mark_evicted(&self, value: &StoredValue) -> Result<(), StoreError>;

    /// Marks an object as missing or damaged and queues the calculation again. Returns the row, or `None` if it no
    /// longer pointed to that object.
    async fn mark_lost(&self, object: &StoredValue) -> Result<Option<Calculation>, StoreError>;

    /// Returns the number of unfinished calculations by lane.
    async fn backlog(&self) -> Result<QueueCounts, StoreError>;

    /// Checks that the database accepts what a submission needs, writes included.
    async fn ping(&self) -> Result<(), StoreError>;
}
