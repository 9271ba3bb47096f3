//! A whole system in one process: embedded backends, a fixed clock, and a worker under the control of the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use api::{ApiConfig, ApiState};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cache::{EventChannel, MemoryEventChannel, MemoryValueCache};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use model::{CalculationEvent, Clock, Index, Lane, Progress, ProgressReport, Subject, Timestamp, WorkerId};
use ports::Ports;
use queue::{Delivery, JobQueue, MemoryQueue};
use serde_json::Value;
use store::{CompleteResult, CompletedValue, ListOrder, Objects, SqliteStore, Store, StoreLimits, Text, Values};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A clock that only the test advances.
#[derive(Default)]
pub(crate) struct FixedClock(AtomicI64);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(1_763_941_827_123 + self.0.load(Ordering::Relaxed))
    }
}

impl FixedClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("short"), Ordering::Relaxed);
    }
}

/// The parts of the API that a test can configure.
pub(crate) struct Setup {
    pub(crate) config: ApiConfig,
    pub(crate) max_queued: u64,
    pub(crate) queue_capacity: usize,
    pub(crate) events_kept: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { config: ApiConfig::default(), max_queued: 10_000, queue_capacity: 10_000, events_kept: 4_096 }
    }
}

pub(crate) struct TestSystem {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) events: Arc<MemoryEventChannel>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) ports: Ports,
    pub(crate) state: ApiState,
    pub(crate) router: Router,
    pub(crate) shutdown: CancellationToken,
    pub(crate) directory: tempfile::TempDir,
}

impl TestSystem {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with_config(config: ApiConfig) -> Self {
        Self::with(Setup { config, ..Setup::default() }).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { max_queued: setup.max_queued };
        let store = SqliteStore::open(&directory.path().join("store.sqlite"), limits).await.expect("a store");
        let store = Arc::new(store);
        let objects = Objects::in_directory(directory.path().join("values")).expect("a folder");
        let queue = Arc::new(MemoryQueue::new(setup.queue_capacity));
        let events = Arc::new(MemoryEventChannel::new(setup.events_kept));
        let clock = Arc::new(FixedClock::default());
        let ports = Ports {
            store: store.clone(),
            values: Values::new(store.clone(), objects, None),
            queue: queue.clone(),
            cache: Arc::new(MemoryValueCache::new(1 << 20)),
            events: events.clone(),
            rates: None,
            incarnation: None,
            clock: clock.clone(),
        };
        let shutdown = CancellationToken::new();
        let state = ApiState::start(ports.clone(), setup.config, shutdown.clone());
        let router = api::router(state.clone());
        Self { store, queue, events, clock, ports, state, router, shutdown, directory }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> TestResponse {
        TestResponse::of(self.answer(request).await).await
    }

    /// Returns the response before its body is read.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("a router answers everything")
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post_json(&self, body: impl Into<Body>) -> TestResponse {
        self.send(json("/api/calculations", body)).await
    }

    /// Submits n.
    pub(crate) async fn submit(&self, n: i64) -> TestResponse {
        self.post_json(format!(r#"{{"index":"{n}"}}"#)).await
    }

    /// Returns the number of calculations in the store, up to 1,000.
    pub(crate) async fn rows(&self) -> usize {
        self.store.list(ListOrder::Newest { before: None }, 1_000).await.expect("the store answers").len()
    }

    pub(crate) async fn jobs(&self) -> u64 {
        self.queue.depth().await.expect("the queue answers").iter().map(|lane| lane.waiting + lane.claimed).sum()
    }

    /// Processes the next job; `false` if there is none.
    pub(crate) async fn work_one(&self) -> bool {
        match self.claim().await {
            Some(delivery) => {
                self.complete(&delivery).await;
                true
            }
            None => false,
        }
    }

    async fn claim(&self) -> Option<Delivery> {
        let worker = WorkerId("w".to_owned());
        self.queue.claim(&worker, &Lane::ALL, Duration::from_secs(60), Duration::ZERO).await.expect("the queue answers")
    }

    async fn complete(&self, delivery: &Delivery) {
        let subject = &delivery.job.subject;
        let text = tokio::task::spawn_blocking({
            let subject = subject.clone();
            move || calculator::compute(&subject, &fibonacci::Control::none()).expect("it fits").to_string()
        });
        let text = text.await.expect("no panic");
        let digits = text.trim_start_matches('-');
        let text_of_value: Arc<dyn Text> = Arc::new(text.clone());
        let digested = store::digest(&text);
        let placement = self.ports.values.place(subject, text_of_value, &digested).await.expect("room");
        let recorded = CompletedValue {
            subject: subject.clone(),
            sha256: digested.sha256,
            first_digits: digits.chars().take(20).collect(),
            last_digits: digits[digits.len().saturating_sub(20)..].to_owned(),
            digits: digits.len() as u64,
            size_bytes: digested.size_bytes,
            placement,
            started_at: self.clock.now(),
            finished_at: self.clock.now(),
            compute_ms: 1,
        };
        let recording = self.store.complete(&recorded).await.expect("the store answers");
        let (CompleteResult::Recorded(calculation) | CompleteResult::AlreadyKnown(calculation)) = recording else {
            panic!("{recording:?}");
        };
        self.ports.cache.put(&calculation).await.expect("the cache answers");
        self.publish(&CalculationEvent::Calculation(Box::new(calculation))).await;
        self.queue.ack(delivery).await.expect("the queue answers");
    }

    pub(crate) async fn publish(&self, event: &CalculationEvent) {
        self.events.publish(event).await.expect("the channel answers");
    }

    pub(crate) async fn publish_progress(&self, n: i64, fraction: f64) {
        let progress = Progress { fraction, remaining_ms: None };
        self.publish(&CalculationEvent::Progress(ProgressReport { subject: subject(n), progress })).await;
    }

    /// Submits n and computes F(n).
    pub(crate) async fn compute(&self, n: i64) {
        self.submit(n).await.expect(StatusCode::ACCEPTED);
        assert!(self.work_one().await);
    }

    /// Starts a worker that runs until the system is dropped.
    pub(crate) fn start_worker(self: &Arc<Self>) {
        let system = Arc::clone(self);
        tokio::spawn(async move {
            let worker = WorkerId("w".to_owned());
            loop {
                let claimed = system.queue.claim(&worker, &Lane::ALL, Duration::from_secs(60), Duration::from_secs(60));
                if let Some(delivery) = claimed.await.expect("the queue answers") {
                    system.complete(&delivery).await;
                }
            }
        });
    }
}

impl Drop for TestSystem {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn subject(n: i64) -> Subject {
    Index::new(n).into()
}

pub(crate) fn json(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).expect("a request")
}

pub(crate) fn form(path: &str, body: impl Into<Body>) -> Request<Body> {
    let form = "application/x-www-form-urlencoded";
    Request::post(path).header("content-type", form).body(body.into()).expect("a request")
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body, where it is text.
    pub(crate) text: String,
}

impl TestResponse {
    async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Self { status: head.status, headers: head.headers, body, text }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("text")
    }

    /// Asserts a problem of that kind.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: StatusCode, kind: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("urn:abaci:problem:{kind}"), "{}", answer.text);
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(problem["request_id"], answer.header("x-request-id"));
        answer
    }
}
