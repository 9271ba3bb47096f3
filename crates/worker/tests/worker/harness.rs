//! The test harness: a store, a queue and a cache around a worker, and the API's part of a submission.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cache::{EventChannel, MemoryEventChannel, MemoryValueCache, Read, ValueCache};
use model::{
    AskToken, Calculation, CalculationEvent, CalculationState, Clock, Index, Job, Lane, Status, Subject, Submitter,
    Timestamp, WorkerId,
};
use ports::Ports;
use queue::JobQueue;
use store::{NewCalculation, Objects, SqliteStore, Store, StoreLimits, SubmitResult, Values, WithdrawResult};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use worker::{Outcome, OutcomeKind, Settings, Worker, WorkerError};

use crate::faulty_queue::FaultyQueue;
use crate::faulty_store::FaultyStore;

/// Everything around a worker.
pub(crate) struct Harness {
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) values: Values,
    pub(crate) objects: Objects,
    pub(crate) queue: Arc<FaultyQueue>,
    pub(crate) cache: Arc<MemoryValueCache>,
    pub(crate) events: Arc<MemoryEventChannel>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store_path: PathBuf,
    start: cache::EventId,
    _directory: TempDir,
}

/// A clock that a test advances.
pub(crate) struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
    }
}

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("a short time"), Ordering::SeqCst);
    }
}

impl Harness {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let limits = StoreLimits { max_queued: 100_000 };
        let store_path = directory.path().join("store");
        let sqlite = SqliteStore::open(&store_path, limits).await.expect("a store");
        let store = Arc::new(FaultyStore::new(Arc::new(sqlite)));
        let objects = Objects::in_directory(directory.path().join("values")).expect("a folder");
        let events = Arc::new(MemoryEventChannel::new(1000));
        let Read::Events { last, .. } = events.read(None, Duration::ZERO).await.expect("in memory") else {
            panic!("expected no gap")
        };
        Self {
            values: Values::new(Arc::clone(&store) as Arc<dyn Store>, objects.clone(), None),
            objects,
            store,
            queue: Arc::new(FaultyQueue::new()),
            cache: Arc::new(MemoryValueCache::new(1 << 20)),
            events,
            clock: Arc::new(ManualClock(AtomicI64::new(1_800_000_000_000))),
            store_path,
            start: last,
            _directory: directory,
        }
    }

    /// Returns the settings of production with short times, for a worker that takes leases above 20 ms.
    pub(crate) fn settings(name: &str) -> Settings {
        let mut settings = Settings::new(WorkerId(name.to_owned()), "test", 2, 2 << 30);
        settings.lease = Duration::from_millis(400);
        settings.heartbeat = Duration::from_millis(50);
        settings.claim_wait = Duration::from_millis(100);
        settings.retry_after = Duration::from_millis(5);
        settings.sweep_interval = Duration::from_millis(50);
        settings.epoch_interval = Duration::from_millis(20);
        settings.leased_above = Duration::from_millis(20);
        settings
    }

    pub(crate) fn worker(&self, name: &str) -> Worker {
        self.worker_with(Self::settings(name))
    }

    pub(crate) fn worker_with(&self, settings: Settings) -> Worker {
        Worker::new(self.ports(), settings)
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            values: self.values.clone(),
            queue: Arc::clone(&self.queue) as Arc<dyn JobQueue>,
            cache: Arc::clone(&self.cache) as Arc<dyn ValueCache>,
            events: Arc::clone(&self.events) as Arc<dyn EventChannel>,
            rates: None,
            incarnation: None,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        }
    }

    /// Submits a calculation without enqueuing it, as an API does that dies in between.
    pub(crate) async fn accept(&self, n: i64, ask: Option<AskToken>) -> SubmitResult {
        self.accept_from(n, None, ask).await
    }

    pub(crate) async fn accept_from(
        &self,
        n: i64,
        submitter: Option<Submitter>,
        ask: Option<AskToken>,
    ) -> SubmitResult {
        let estimate = fibonacci::estimate(n);
        let calculation = NewCalculation {
            subject: subject(n),
            digits: estimate.digits,
            lane: Lane::for_work(estimate.work),
            ask,
            submitter,
            traceparent: None,
            now: self.clock.now(),
        };
        self.store.submit(&calculation).await.expect("accepted")
    }

    /// Submits F(n) as the API does; returns its lane.
    pub(crate) async fn submit(&self, n: i64) -> Lane {
        self.submit_for(n, None).await
    }

    pub(crate) async fn submit_for(&self, n: i64, ask: Option<AskToken>) -> Lane {
        let accepted = self.accept(n, ask).await;
        assert!(matches!(accepted, SubmitResult::Queued(_)), "{accepted:?}");
        self.enqueue(n).await
    }

    /// Enqueues F(n).
    pub(crate) async fn enqueue(&self, n: i64) -> Lane {
        let job = self.job(n);
        self.queue.enqueue(&job).await.expect("in memory");
        job.lane
    }

    /// Submits another subject as the API does.
    pub(crate) async fn submit_subject(&self, subject: &Subject) {
        let estimate = calculator::estimate(subject);
        let calculation = NewCalculation {
            subject: subject.clone(),
            digits: estimate.digits,
            lane: Lane::for_work(estimate.work),
            ask: None,
            submitter: None,
            traceparent: None,
            now: self.clock.now(),
        };
        self.store.submit(&calculation).await.expect("accepted");
        self.queue.enqueue(&self.job_of(subject)).await.expect("in memory");
    }

    pub(crate) fn job(&self, n: i64) -> Job {
        self.job_of(&subject(n))
    }

    fn job_of(&self, subject: &Subject) -> Job {
        let work = calculator::estimate(subject).work;
        Job {
            subject: subject.clone(),
            lane: Lane::for_work(work),
            attempt: 1,
            enqueued_at: self.clock.now(),
            traceparent: None,
            submitter: None,
            work_ms: Job::work_ms(work),
        }
    }

    pub(crate) async fn withdraw(&self, n: i64, ask: &AskToken) -> WithdrawResult {
        self.store.withdraw(&subject(n), ask, self.clock.now()).await.expect("withdrawn")
    }

    /// Processes one job of any lane.
    pub(crate) async fn process_one(&self, worker: &Worker) -> Outcome {
        try_process(worker, &Lane::ALL).await.expect("an outcome")
    }

    pub(crate) async fn find(&self, n: i64) -> Calculation {
        self.store.find(&subject(n)).await.expect("reachable").expect("asked for")
    }

    pub(crate) async fn status(&self, n: i64) -> Status {
        self.find(n).await.status()
    }

    /// Waits until F(n) has a status.
    pub(crate) async fn until(&self, n: i64, status: Status) -> Calculation {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let calculation = self.find(n).await;
            if calculation.status() == status {
                return calculation;
            }
            assert!(Instant::now() < deadline, "still {calculation:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Returns the events of F(n) so far, in order: statuses, and `progress` once for several in a row.
    pub(crate) async fn events_of(&self, n: i64) -> Vec<String> {
        let read = self.events.read(Some(&self.start), Duration::ZERO).await.expect("in memory");
        let Read::Events { events, .. } = read else { panic!("the channel is too small for the test") };
        let mut words: Vec<String> =
            events.iter().filter(|(_, event)| *event.subject() == subject(n)).map(|(_, event)| word(event)).collect();
        words.dedup();
        words
    }

    /// Fails if a job is left in the queue.
    pub(crate) async fn assert_nothing_queued(&self) {
        let depth = self.queue.depth().await.expect("in memory");
        assert!(depth.iter().all(|lane| lane.waiting == 0 && lane.claimed == 0), "{depth:?}");
    }
}

fn word(event: &CalculationEvent) -> String {
    match event {
        CalculationEvent::Progress(_) => "progress".to_owned(),
        CalculationEvent::Calculation(calculation) => match &calculation.state {
            CalculationState::Queued { waiting_for: Some(reason) } => format!("queued for {}", reason.as_str()),
            _ => calculation.status().to_string(),
        },
    }
}

/// Processes one job of the given lanes.
pub(crate) async fn try_process(worker: &Worker, lanes: &[Lane]) -> Result<Outcome, WorkerError> {
    let processed = worker::process_one(worker, lanes, Duration::from_secs(5)).await;
    processed.map(|outcome| outcome.expect("a job"))
}

pub(crate) fn ended(n: i64, kind: OutcomeKind) -> Outcome {
    Outcome { subject: subject(n), kind }
}

/// Returns an index that is long work for the kernel of this machine.
pub(crate) fn long_index() -> i64 {
    let is_long = |n: &i64| Lane::for_work(fibonacci::estimate(*n).work) == Lane::Long;
    (2..50).map(|n| n * 100_000_000).find(is_long).expect("a long computation")
}

pub(crate) fn subject(n: i64) -> Subject {
    Subject::from(Index::new(n))
}
