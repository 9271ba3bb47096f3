//! A queue that forgets, a cache and a channel that are out of reach.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cache::{CacheError, EventChannel, EventId, Read, ValueCache};
use model::{Calculation, CalculationEvent, Job, Lane, Subject, WorkerId, WorkerReport};
use queue::{Delivery, Enqueued, JobQueue, LaneDepth, MemoryQueue, QueueError};

/// A queue that can be emptied at any moment, like Redis, and whose claims can be made to panic.
pub(crate) struct ForgetfulQueue {
    present: Mutex<Arc<MemoryQueue>>,
    to_panic: AtomicU32,
}

impl ForgetfulQueue {
    pub(crate) fn new() -> Self {
        Self { present: Mutex::new(Arc::new(MemoryQueue::new(10_000))), to_panic: AtomicU32::new(0) }
    }

    pub(crate) fn forget_everything(&self) {
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(MemoryQueue::new(10_000));
    }

    /// Makes so many claims panic, from the next one on.
    pub(crate) fn panic_at_claims(&self, count: u32) {
        self.to_panic.store(count, Ordering::SeqCst);
    }

    fn now(&self) -> Arc<MemoryQueue> {
        Arc::clone(&self.present.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl JobQueue for ForgetfulQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        self.now().enqueue(job).await
    }

    async fn claim_batch(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
        max_short: usize,
    ) -> Result<Vec<Delivery>, QueueError> {
        let left = self.to_panic.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "on purpose");
        self.now().claim_batch(worker, lanes, lease, wait, max_short).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError> {
        self.now().extend(delivery).await
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.now().ack(delivery).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        self.now().nack(delivery, delay).await
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.now().release(delivery).await
    }

    async fn contains(&self, subject: &Subject) -> Result<bool, QueueError> {
        self.now().contains(subject).await
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        self.now().epoch().await
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        self.now().depth().await
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        self.now().report(report).await
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        self.now().workers().await
    }
}

/// A cache and a channel that nobody reaches.
pub(crate) struct OutOfReach;

fn refuse<T>() -> Result<T, CacheError> {
    Err(CacheError::Unavailable("gone on purpose".into()))
}

#[async_trait]
impl ValueCache for OutOfReach {
    async fn get(&self, _: &Subject) -> Result<Option<Calculation>, CacheError> {
        refuse()
    }

    async fn put(&self, _: &Calculation) -> Result<(), CacheError> {
        refuse()
    }

    async fn remove(&self, _: &Subject) -> Result<(), CacheError> {
        refuse()
    }
}

#[async_trait]
impl EventChannel for OutOfReach {
    async fn publish(&self, _: &CalculationEvent) -> Result<(), CacheError> {
        refuse()
    }

    async fn read(&self, _: Option<&EventId>, _: Duration) -> Result<Read, CacheError> {
        refuse()
    }
}
