//! A store that can be made unreachable.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};
use store::{
    CompleteResult, CompletedValue, CountedList, InlineValue, Lease, LeaseResult, ListOrder, NewCalculation,
    QueueCounts, Release, RenewResult, Store, StoreError, StoredValue, SubmitResult, Unfinished, UnfinishedFilter,
    UnfinishedWork, WithdrawResult,
};

/// A store that can be made unreachable.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    unreachable: AtomicBool,
    refused: AtomicU64,
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, unreachable: AtomicBool::new(false), refused: AtomicU64::new(0) }
    }

    pub(crate) fn set_unreachable(&self, unreachable: bool) {
        self.unreachable.store(unreachable, Ordering::SeqCst);
    }

    /// Returns the number of calls that failed.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Returns the store itself, as others reach it.
    pub(crate) fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn reach(&self) -> Result<&dyn Store, StoreError> {
        if self.unreachable.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Unavailable("unreachable on purpose".into()));
        }
        Ok(&*self.inner)
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn submit(&self, calculation: &NewCalculation) -> Result<SubmitResult, StoreError> {
        self.reach()?.submit(calculation).await
    }

    async fn submit_batch(&self, requests: &[NewCalculation]) -> Result<Vec<SubmitResult>, StoreError> {
        self.reach()?.submit_batch(requests).await
    }

    async fn find_batch(&self, subjects: &[Subject]) -> Result<Vec<Calculation>, StoreError> {
        self.reach()?.find_batch(subjects).await
    }

    async fn complete_batch(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, StoreError> {
        self.reach()?.complete_batch(values).await
    }

    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError> {
        self.reach()?.find(subject).await
    }

    async fn list(&self, order: ListOrder, limit: u32) -> Result<Vec<Calculation>, StoreError> {
        self.reach()?.list(order, limit).await
    }

    async fn count(&self, list: CountedList) -> Result<u64, StoreError> {
        self.reach()?.count(list).await
    }

    async fn sum_digits(&self) -> Result<u64, StoreError> {
        self.reach()?.sum_digits().await
    }

    async fn add_requests(&self, requests: &[(Subject, u64)]) -> Result<(), StoreError> {
        self.reach()?.add_requests(requests).await
    }

    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError> {
        self.reach()?.withdraw(subject, ask, now).await
    }

    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        self.reach()?.unfinished(after, limit).await
    }

    async fn unfinished_work(
        &self,
        filter: &UnfinishedFilter,
        after: Option<CalculationId>,
        limit: u32,
    ) -> Result<Vec<UnfinishedWork>, StoreError> {
        self.reach()?.unfinished_work(filter, after, limit).await
    }

    async fn cancel(&self, subjects: &[Subject], now: Timestamp) -> Result<Vec<Calculation>, StoreError> {
        self.reach()?.cancel(subjects, now).await
    }

    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError> {
        self.reach()?.lease(subject, worker, lease, now).await
    }

    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError> {
        self.reach()?.renew(lease, progress).await
    }

    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError> {
        self.reach()?.release(lease, release).await
    }

    async fn complete(&self, value: &CompletedValue) -> Result<CompleteResult, StoreError> {
        self.reach()?.complete(value).await
    }

    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError> {
        self.reach()?.fail(subject, lease, failure, now).await
    }

    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError> {
        self.reach()?.inline_value(subject).await
    }

    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError> {
        self.reach()?.touch(subjects, now).await
    }

    async fn value_bytes(&self, sizes: Range<u64>) -> Result<u64, StoreError> {
        self.reach()?.value_bytes(sizes).await
    }

    async fn lru_values(&self, sizes: Range<u64>, limit: u32) -> Result<Vec<StoredValue>, StoreError> {
        self.reach()?.lru_values(sizes, limit).await
    }

    async fn mark_evicted(&self, object: &StoredValue) -> Result<(), StoreError> {
        self.reach()?.mark_evicted(object).await
    }

    async fn mark_lost(&self, object: &StoredValue) -> Result<Option<Calculation>, StoreError> {
        self.reach()?.mark_lost(object).await
    }

    async fn backlog(&self) -> Result<QueueCounts, StoreError> {
        self.reach()?.backlog().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reach()?.ping().await
    }
}
