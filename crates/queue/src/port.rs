//! The port: what the queue promises, whichever backend is behind it.

use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport};

use crate::QueueError;

/// Jobs between api and worker. Delivery is at least once, order is not promised.
///
/// A job is in the queue from `enqueue` to `ack`; the same subject is in it at most once. It may lose
/// everything at any moment, all at once; then [`epoch`](JobQueue::epoch) changes.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds a job, unless its subject is in the queue already. When this returns, another process can claim it.
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError>;

    /// Takes the next job of the given lanes, the first lane first, waiting up to `wait`; `None` if none came.
    async fn claim(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<Delivery>, QueueError> {
        Ok(self.claim_batch(worker, lanes, lease, wait, 1).await?.pop())
    }

    /// Takes the next jobs of the given lanes, the first lane first, waiting up to `wait`; none if none came.
    /// It is one job, or up to `max_short` if they are of the short lane: then each is too little to be
    /// worth a call of its own.
    ///
    /// A delivery that is neither acked, nacked nor extended for `lease` is claimable again; each holder
    /// in a row that loses the job doubles the lease of the next, up to a minute. All workers of a queue
    /// ask for the same `lease`. Dropping the future loses nothing: what was taken meanwhile comes again
    /// after its lease.
    async fn claim_batch(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
        max_short: usize,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Keeps a delivery ours for another lease. `false` if it is ours no longer.
    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError>;

    /// Ends a job: the subject may be enqueued again.
    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError>;

    /// Gives a job back, to be claimable after `delay` with its attempt raised by one.
    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError>;

    /// Gives a job back at once, as if it had never been claimed: its attempt stays.
    async fn hand_back(&self, delivery: &Delivery) -> Result<(), QueueError>;

    /// Whether the subject is in the queue: waiting, delayed or claimed.
    async fn holds(&self, subject: &Subject) -> Result<bool, QueueError>;

    /// A name for the queue's present life; another name means that everything in it was lost.
    async fn epoch(&self) -> Result<String, QueueError>;

    /// How full each lane is, shortest first.
    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError>;

    /// Tells who works and on what; forgotten after a few seconds without another report.
    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError>;

    /// The workers that reported lately, by name.
    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError>;
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the queue now.
    Added,
    /// Its subject was in the queue already.
    AlreadyQueued,
}

/// A job in a worker's hands.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What to do. `job.attempt` counts deliveries, from 1.
    pub job: Job,
    /// The backend's name for this delivery.
    pub receipt: String,
    /// Who holds it.
    pub worker: WorkerId,
    /// Whether somebody else held it before and let go without a word.
    pub reclaimed: bool,
}

/// How full a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneDepth {
    /// Waiting to be claimed, delayed ones included.
    pub waiting: u64,
    /// In workers' hands.
    pub claimed: u64,
    /// How long the longest waiting job has waited.
    pub oldest_age: Option<Duration>,
}
