//! The port: the guarantees of every backend of the queue.

use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport};

use crate::QueueError;

/// Jobs from the API to the workers. Delivery is at least once; order is not guaranteed.
///
/// The long lane is shared between submitters: of those with waiting jobs, each gets the same amount of work done, in the
/// order in which it submitted. Jobs without a submitter count as those of one.
///
/// A job is in the queue from `enqueue` to `ack`; a subject is in it at most once. The queue may lose every job at
/// any moment, all at once; its [`epoch`](JobQueue::epoch) changes then.
///
/// Every method fails with [`QueueError::Unavailable`] if the backend does not answer.
///
/// ```
/// use std::time::Duration;
///
/// use model::{Index, Job, Lane, Subject, Timestamp, WorkerId};
/// use queue::{Enqueued, JobQueue, MemoryQueue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let queue = MemoryQueue::new(100);
/// let subject = Subject::from(Index::new(10));
/// let job = Job {
///     subject,
///     lane: Lane::Short,
///     attempt: 1,
///     enqueued_at: Timestamp::default(),
///     traceparent: None,
///     submitter: None,
///     work_ms: 1,
/// };
/// assert_eq!(queue.enqueue(&job).await?, Enqueued::Added);
/// assert_eq!(queue.enqueue(&job).await?, Enqueued::AlreadyQueued);
///
/// let (worker, lease) = (WorkerId("w1".into()), Duration::from_secs(2));
/// let delivery = queue.claim(&worker, &Lane::ALL, lease, Duration::ZERO).await?.expect("one job is waiting");
/// assert_eq!(delivery.job, job);
/// queue.ack(&delivery).await?;
/// assert!(!queue.contains(&job.subject).await?);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds a job unless its subject is in the queue. When this returns, any worker can claim it.
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError>;

    /// Adds jobs like [`enqueue`](Self::enqueue), in few calls of the backend. Returns the result for each job. After
    /// an error some of the jobs may have been added.
    async fn enqueue_batch(&self, jobs: &[Job]) -> Result<Vec<Enqueued>, QueueError> {
        let mut enqueued = Vec::with_capacity(jobs.len());
        for job in jobs {
            enqueued.push(self.enqueue(job).await?);
        }
        Ok(enqueued)
    }

    /// Claims the next job of the given lanes, the first lane first. Waits up to `wait`; returns `None` if no job
    /// came.
    async fn claim(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<Delivery>, QueueError> {
        Ok(self.claim_batch(worker, lanes, lease, wait, 1).await?.pop())
    }

    /// Claims the next jobs of the given lanes, the first lane first: one job, or up to `max_short` of the short
    /// lane. Waits up to `wait`; returns nothing if no job came.
    ///
    /// A delivery that is not acked, nacked, released or extended within `lease` can be claimed again. Each lease
    /// that expires in a row doubles the next one ([`model::lease_after_losses`]). All workers of a queue pass the
    /// same `lease`. Dropping the future loses nothing: a job claimed meanwhile is redelivered after its lease.
    async fn claim_batch(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
        max_short: usize,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Restarts the lease of a delivery. Returns `false` if the job was redelivered or has ended.
    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError>;

    /// Ends a job: its subject may be enqueued again.
    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError>;

    /// Ends jobs like [`ack`](Self::ack), in few calls of the backend. After an error some of them may have ended.
    async fn ack_batch(&self, deliveries: &[Delivery]) -> Result<(), QueueError> {
        for delivery in deliveries {
            self.ack(delivery).await?;
        }
        Ok(())
    }

    /// Returns a job to the queue as another attempt, claimable after `delay`.
    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError>;

    /// Returns a job to the queue at once and as if it had never been claimed: its attempt stays the same.
    async fn release(&self, delivery: &Delivery) -> Result<(), QueueError>;

    /// Returns whether a subject is in the queue: waiting, delayed or claimed.
    async fn contains(&self, subject: &Subject) -> Result<bool, QueueError>;

    /// Returns the queue's epoch. A new epoch means that every job of the one before was lost.
    async fn epoch(&self) -> Result<String, QueueError>;

    /// Returns the depth of each lane, the short lane first.
    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError>;

    /// Returns the subjects that wait in each lane, the short lane first: at most `max` of each, in the order in which
    /// they would be claimed if no other were enqueued. Delayed ones are left out.
    async fn waiting(&self, max: usize) -> Result<[Vec<Subject>; 3], QueueError>;

    /// Stores a worker's report for five seconds.
    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError>;

    /// Returns the latest report of every worker, ordered by its id.
    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError>;
}

/// The result of enqueuing a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// The job was added.
    Added,
    /// Its subject was in the queue already.
    AlreadyQueued,
}

/// One hand-out of a job to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The job. `job.attempt` counts deliveries, from 1.
    pub job: Job,
    /// The backend's name for this delivery.
    pub receipt: String,
    /// The worker that claimed it.
    pub worker: WorkerId,
    /// Whether the lease of an earlier delivery expired.
    pub reclaimed: bool,
}

/// The number of jobs in a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneDepth {
    /// Jobs waiting to be claimed, delayed ones included.
    pub waiting: u64,
    /// Jobs claimed by workers.
    pub claimed: u64,
    /// The age of the oldest waiting job.
    pub oldest_age: Option<Duration>,
}
