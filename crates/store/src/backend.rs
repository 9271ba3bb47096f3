//! The port over any database: every call is timed, traced and an operation or a query.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};

use crate::error::damaged_row;
use crate::metrics::timed;
use crate::operations::{
    AddRequests, CancelAll, Fail, MarkEvicted, MarkLost, Operation, Ping, ReleaseLease, RenewLease, Repair, SubmitAll,
    TakeLease, Touch, Withdraw,
};
use crate::sql::Queries;
use crate::{
    CompleteResult, CompletedValue, CountedList, InlineValue, Lease, LeaseResult, ListOrder, NewCalculation,
    QueueCounts, Release, RenewResult, Store, StoreError, StoredValue, SubmitResult, Unfinished, UnfinishedFilter,
    UnfinishedWork, WithdrawResult,
};

/// A database that keeps a store.
pub(crate) trait Backend: Send + Sync {
    /// Submits a calculation together with others that arrive at the same time.
    fn submit_batched(&self, request: NewCalculation) -> impl Future<Output = Result<SubmitResult, StoreError>> + Send;

    /// Stores a value together with others that arrive at the same time.
    fn complete_batched(
        &self,
        value: CompletedValue,
    ) -> impl Future<Output = Result<CompleteResult, StoreError>> + Send;

    /// Stores values in few calls.
    fn complete_all(
        &self,
        values: &[CompletedValue],
    ) -> impl Future<Output = Result<Vec<CompleteResult>, StoreError>> + Send;

    /// Runs an operation and commits it.
    fn write<O: Operation>(&self, operation: O) -> impl Future<Output = Result<O::Answer, StoreError>> + Send;

    /// Returns where the database is.
    fn server(&self) -> &spans::Server;

    /// Returns the reads of this database.
    fn queries(&self) -> &impl Queries;

    /// Runs a read.
    fn read<T: Send>(
        &self,
        query: impl Future<Output = sqlx::Result<T>> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;
}

/// Damaged rows of one call that are repaired before the call fails.
const MAX_REPAIRS: usize = 256;

/// Runs a call, repairs every damaged row that it meets, and runs it again.
async fn repairing<B: Backend, T, F>(
    backend: &B,
    subject: Option<&Subject>,
    call: impl Fn() -> F + Send + Sync,
) -> Result<T, StoreError>
where
    T: Send,
    F: Future<Output = Result<T, StoreError>> + Send,
{
    let mut result = call().await;
    let mut last_repaired = None;
    for _ in 0..MAX_REPAIRS {
        let Some(damaged) = result.as_ref().err().and_then(damaged_row) else { break };
        let (id, is_text) = (CalculationId(damaged.id), damaged.column == "text");
        // The row is sound, and the index that leads to it is not.
        if last_repaired.replace(id) == Some(id) {
            break;
        }
        backend.write(Repair { id, subject: subject.cloned(), is_text }).await?;
        result = call().await;
    }
    result
}

#[async_trait]
impl<B: Backend> Store for B {
    async fn submit(&self, request: &NewCalculation) -> Result<SubmitResult, StoreError> {
        let call = || self.submit_batched(request.clone());
        timed(self.server(), "submit", repairing(self, Some(&request.subject), call)).await
    }

    async fn submit_batch(&self, requests: &[NewCalculation]) -> Result<Vec<SubmitResult>, StoreError> {
        let requests: Arc<[NewCalculation]> = requests.into();
        let call = || self.write(SubmitAll(Arc::clone(&requests)));
        timed(self.server(), "submit_batch", async { repairing(self, None, call).await? }).await
    }

    async fn find_batch(&self, subjects: &[Subject]) -> Result<Vec<Calculation>, StoreError> {
        timed(self.server(), "find_batch", repairing(self, None, || self.read(self.queries().find_batch(subjects))))
            .await
    }

    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError> {
        timed(self.server(), "find", repairing(self, Some(subject), || self.read(self.queries().find(subject)))).await
    }

    async fn list(&self, order: ListOrder, limit: u32) -> Result<Vec<Calculation>, StoreError> {
        timed(self.server(), "list", repairing(self, None, || self.read(self.queries().list(order, limit)))).await
    }

    async fn count(&self, list: CountedList) -> Result<u64, StoreError> {
        timed(self.server(), "count", self.read(self.queries().count(list))).await
    }

    async fn sum_digits(&self) -> Result<u64, StoreError> {
        timed(self.server(), "sum_digits", self.read(self.queries().sum_digits())).await
    }

    async fn add_requests(&self, requests: &[(Subject, u64)]) -> Result<(), StoreError> {
        timed(self.server(), "add_requests", self.write(AddRequests(requests.to_vec()))).await
    }

    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError> {
        let call = || self.write(Withdraw { subject: subject.clone(), ask: ask.clone(), now });
        timed(self.server(), "withdraw", repairing(self, Some(subject), call)).await
    }

    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        timed(self.server(), "unfinished", repairing(self, None, || self.read(self.queries().unfinished(after, limit))))
            .await
    }

    async fn unfinished_work(
        &self,
        filter: &UnfinishedFilter,
        after: Option<CalculationId>,
        limit: u32,
    ) -> Result<Vec<UnfinishedWork>, StoreError> {
        let call = || self.read(self.queries().unfinished_work(filter, after, limit));
        timed(self.server(), "unfinished_work", repairing(self, None, call)).await
    }

    async fn cancel(&self, subjects: &[Subject], now: Timestamp) -> Result<Vec<Calculation>, StoreError> {
        let call = || self.write(CancelAll { subjects: subjects.to_vec(), now });
        timed(self.server(), "cancel", repairing(self, None, call)).await
    }

    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError> {
        let call = || self.write(TakeLease { subject: subject.clone(), worker: worker.clone(), lease, now });
        timed(self.server(), "lease", repairing(self, Some(subject), call)).await
    }

    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError> {
        let call = || self.write(RenewLease { lease: lease.clone(), progress });
        timed(self.server(), "renew", repairing(self, Some(&lease.subject), call)).await
    }

    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError> {
        let call = || self.write(ReleaseLease { lease: lease.clone(), release });
        timed(self.server(), "release", repairing(self, Some(&lease.subject), call)).await
    }

    async fn complete(&self, value: &CompletedValue) -> Result<CompleteResult, StoreError> {
        let call = || self.complete_batched(value.clone());
        timed(self.server(), "complete", repairing(self, Some(&value.subject), call)).await
    }

    async fn complete_batch(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, StoreError> {
        timed(self.server(), "complete_batch", repairing(self, None, || self.complete_all(values))).await
    }

    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError> {
        let call =
            || self.write(Fail { subject: subject.clone(), lease: lease.cloned(), failure: failure.clone(), now });
        timed(self.server(), "fail", repairing(self, Some(subject), call)).await
    }

    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError> {
        let call = || self.read(self.queries().inline_value(subject));
        timed(self.server(), "inline_value", repairing(self, Some(subject), call)).await
    }

    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError> {
        timed(self.server(), "touch", self.write(Touch { subjects: subjects.to_vec(), now })).await
    }

    async fn value_bytes(&self, sizes: Range<u64>) -> Result<u64, StoreError> {
        timed(self.server(), "value_bytes", self.read(self.queries().value_bytes(sizes))).await
    }

    async fn lru_values(&self, sizes: Range<u64>, limit: u32) -> Result<Vec<StoredValue>, StoreError> {
        let call = || self.read(self.queries().lru_values(sizes.clone(), limit));
        timed(self.server(), "lru_values", repairing(self, None, call)).await
    }

    async fn mark_evicted(&self, value: &StoredValue) -> Result<(), StoreError> {
        timed(self.server(), "mark_evicted", self.write(MarkEvicted(value.clone()))).await
    }

    async fn mark_lost(&self, object: &StoredValue) -> Result<Option<Calculation>, StoreError> {
        timed(self.server(), "mark_lost", self.write(MarkLost(object.clone()))).await
    }

    async fn backlog(&self) -> Result<QueueCounts, StoreError> {
        timed(self.server(), "backlog", self.read(self.queries().backlog())).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        timed(self.server(), "ping", self.write(Ping)).await
    }
}
