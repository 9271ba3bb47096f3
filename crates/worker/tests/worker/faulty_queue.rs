//! A queue that loses its jobs, and a cache and an event channel that are unreachable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cache::{CacheError, EventChannel, EventId, Read, ValueCache};
use model::{Calculation, CalculationEvent, Job, Lane, Subject, WorkerId, WorkerReport};
use parking_lot::Mutex;
use queue::{Delivery, Enqueued, JobQueue, LaneDepth, MemoryQueue, QueueError};
use tokio::sync::Barrier;

/// A queue that can lose everything at any moment, like Redis, whose claims can be made to panic, and whose
/// acknowledgements can be held.
pub(crate) struct FaultyQueue {
    current: Mutex<Arc<MemoryQueue>>,
    to_panic: AtomicU32,
    held_ack: Mutex<Option<Arc<Barrier>>>,
}

impl FaultyQueue {
    pub(crate) fn new() -> Self {
        Self {
            current: Mutex::new(Arc::new(MemoryQueue::new(10_000))),
            to_panic: AtomicU32::new(0),
            held_ack: Mutex::default(),
        }
    }

    pub(crate) fn lose_everything(&self) {
        *self.current.lock() = Arc::new(MemoryQueue::new(10_000));
    }

    /// Makes the next `count` claims panic.
    pub(crate) fn panic_at_next_claims(&self, count: u32) {
        self.to_panic.store(count, Ordering::SeqCst);
    }

    /// Makes the next acknowledgement wait twice: until it is expected, and until it may proceed.
    pub(crate) fn hold_next_ack(&self) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        *self.held_ack.lock() = Some(Arc::clone(&barrier));
        barrier
    }

    fn queue(&self) -> Arc<MemoryQueue> {
        Arc::clone(&self.current.lock())
    }
}

#[async_trait]
impl JobQueue for FaultyQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        self.queue().enqueue(job).await
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
        self.queue().claim_batch(worker, lanes, lease, wait, max_short).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError> {
        self.queue().extend(delivery).await
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let held = self.held_ack.lock().take();
        if let Some(barrier) = held {
            barrier.wait().await;
            barrier.wait().await;
        }
        self.queue().ack(delivery).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        self.queue().nack(delivery, delay).await
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.queue().release(delivery).await
    }

    async fn contains(&self, subject: &Subject) -> Result<bool, QueueError> {
        self.queue().contains(subject).await
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        self.queue().epoch().await
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        self.queue().depth().await
    }

    async fn waiting(&self, max: usize) -> Result<[Vec<Subject>; 3], QueueError> {
        self.queue().waiting(max).await
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        self.queue().report(report).await
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        self.queue().workers().await
    }
}

/// A cache that is unreachable.
pub(crate) struct Unreachable;

fn unavailable<T>() -> Result<T, CacheError> {
    Err(CacheError::Unavailable("unreachable on purpose".into()))
}

#[async_trait]
impl ValueCache for Unreachable {
    async fn get(&self, _: &Subject) -> Result<Option<Calculation>, CacheError> {
        unavailable()
    }

    async fn put_batch(&self, _: &[Calculation]) -> Result<(), CacheError> {
        unavailable()
    }

    async fn remove(&self, _: &Subject) -> Result<(), CacheError> {
        unavailable()
    }
}

/// An event channel that can be made unreachable.
pub(crate) struct FaultyEvents {
    inner: Arc<dyn EventChannel>,
    unreachable: AtomicBool,
}

impl FaultyEvents {
    pub(crate) fn unreachable(inner: Arc<dyn EventChannel>) -> Self {
        Self { inner, unreachable: AtomicBool::new(true) }
    }

    pub(crate) fn recover(&self) {
        self.unreachable.store(false, Ordering::SeqCst);
    }

    fn reach(&self) -> Result<&dyn EventChannel, CacheError> {
        if self.unreachable.load(Ordering::SeqCst) { unavailable() } else { Ok(&*self.inner) }
    }
}

#[async_trait]
impl EventChannel for FaultyEvents {
    async fn publish_batch(&self, events: &[CalculationEvent]) -> Result<(), CacheError> {
        self.reach()?.publish_batch(events).await
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        self.reach()?.read(after, wait).await
    }
}
