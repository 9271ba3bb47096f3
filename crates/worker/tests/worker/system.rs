//! What the tests work with: all that stands around a worker, and the part of the api that matters here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cache::{EventChannel, MemoryEventChannel, MemoryValueCache, Read, ValueCache};
use model::{
    AskToken, Calculation, CalculationEvent, CalculationState, Clock, Index, Job, Lane, Status, Subject, Timestamp,
    WorkerId,
};
use ports::Ports;
use queue::JobQueue;
use store::{NewCalculation, Objects, SqliteStore, Store, StoreLimits, SubmitResult, Values, WithdrawResult};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use worker::{Outcome, Settings, Worker};

use crate::shaky::ForgetfulQueue;
use crate::troubled::Troubled;

/// Everything around a worker.
pub(crate) struct System {
    pub(crate) store: Arc<Troubled>,
    pub(crate) values: Values,
    pub(crate) objects: Objects,
    pub(crate) queue: Arc<ForgetfulQueue>,
    pub(crate) cache: Arc<MemoryValueCache>,
    pub(crate) events: Arc<MemoryEventChannel>,
    pub(crate) clock: Arc<SetClock>,
    start: cache::EventId,
    _directory: TempDir,
}

/// A clock that stands until it is set.
pub(crate) struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
    }
}

impl SetClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("a short time"), Ordering::SeqCst);
    }
}

impl System {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let limits = StoreLimits { max_queued: 100_000 };
        let record = SqliteStore::open(&directory.path().join("record"), limits).await.expect("a record");
        let store = Arc::new(Troubled::new(Arc::new(record)));
        let objects = Objects::in_directory(directory.path().join("values")).expect("a folder");
        let announcements = Arc::new(MemoryEventChannel::new(1000));
        let Read::Events { last, .. } = announcements.read(None, Duration::ZERO).await.expect("in memory") else {
            panic!("nothing can be missed yet")
        };
        Self {
            values: Values::new(Arc::clone(&store) as Arc<dyn Store>, objects.clone(), None),
            objects,
            store,
            queue: Arc::new(ForgetfulQueue::new()),
            cache: Arc::new(MemoryValueCache::new(1 << 20)),
            events: announcements,
            clock: Arc::new(SetClock(AtomicI64::new(1_800_000_000_000))),
            start: last,
            _directory: directory,
        }
    }

    /// Settings of production with short times, for a worker that takes leases on all but trifles.
    pub(crate) fn settings(name: &str) -> Settings {
        let mut settings = Settings::new(WorkerId(name.to_owned()), "test", 2, 2 << 30);
        settings.lease = Duration::from_millis(400);
        settings.heartbeat = Duration::from_millis(50);
        settings.claim_wait = Duration::from_millis(100);
        settings.retry_after = Duration::from_millis(5);
        settings.sweep_every = Duration::from_millis(50);
        settings.epoch_every = Duration::from_millis(20);
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
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        }
    }

    /// Accepts a calculation without offering it, as an api does that dies in between.
    pub(crate) async fn accept(&self, n: i64, ask: Option<AskToken>) -> SubmitResult {
        let estimate = fibonacci::estimate(n);
        let acceptance = NewCalculation {
            subject: subject(n),
            digits: estimate.digits,
            lane: Lane::for_work(estimate.work),
            ask,
            traceparent: None,
            now: self.clock.now(),
        };
        self.store.submit(&acceptance).await.expect("accepted")
    }

    /// Asks for F(n) as the api does; gives the lane.
    pub(crate) async fn submit(&self, n: i64) -> Lane {
        self.submit_for(n, None).await
    }

    pub(crate) async fn submit_for(&self, n: i64, ask: Option<AskToken>) -> Lane {
        let accepted = self.accept(n, ask).await;
        assert!(matches!(accepted, SubmitResult::Queued(_)), "{accepted:?}");
        self.offer(n).await
    }

    /// Offers F(n) to the workers.
    pub(crate) async fn offer(&self, n: i64) -> Lane {
        let lane = Lane::for_work(fibonacci::estimate(n).work);
        let job = Job { subject: subject(n), lane, attempt: 1, enqueued_at: self.clock.now(), traceparent: None };
        self.queue.enqueue(&job).await.expect("in memory");
        lane
    }

    pub(crate) async fn withdraw(&self, n: i64, ask: &AskToken) -> WithdrawResult {
        self.store.withdraw(&subject(n), ask, self.clock.now()).await.expect("withdrawn")
    }

    /// One step for any lane.
    pub(crate) async fn step(&self, worker: &Worker) -> Outcome {
        worker::step(worker, &Lane::ALL, Duration::from_secs(5)).await.expect("a step")
    }

    pub(crate) async fn find(&self, n: i64) -> Calculation {
        self.store.find(&subject(n)).await.expect("reachable").expect("asked for")
    }

    pub(crate) async fn status(&self, n: i64) -> Status {
        self.find(n).await.status()
    }

    /// Waits until F(n) stands so.
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

    /// What was announced of F(n) so far, in order: statuses, and `progress` once for all in a row.
    pub(crate) async fn news_of(&self, n: i64) -> Vec<String> {
        let read = self.events.read(Some(&self.start), Duration::ZERO).await.expect("in memory");
        let Read::Events { events: news, .. } = read else { panic!("the channel is too small for the test") };
        let mut words: Vec<String> =
            news.iter().filter(|(_, news)| *news.subject() == subject(n)).map(|(_, news)| word(news)).collect();
        words.dedup();
        words
    }

    /// Fails if a job is left in the queue.
    pub(crate) async fn assert_nothing_queued(&self) {
        let depth = self.queue.depth().await.expect("in memory");
        assert!(depth.iter().all(|lane| lane.waiting == 0 && lane.claimed == 0), "{depth:?}");
    }
}

fn word(announcement: &CalculationEvent) -> String {
    match announcement {
        CalculationEvent::Progress(_) => "progress".to_owned(),
        CalculationEvent::Calculation(calculation) => match &calculation.state {
            CalculationState::Queued { waiting_for: Some(reason) } => format!("queued for {}", reason.as_str()),
            _ => calculation.status().to_string(),
        },
    }
}

pub(crate) fn subject(n: i64) -> Subject {
    Subject::from(Index::new(n))
}
