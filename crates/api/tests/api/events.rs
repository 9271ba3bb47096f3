//! Server-Sent Events: in order, coalesced, resumed, and reset when a subscriber is too slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::{ApiConfig, ApiState};
use axum::body::{Body, BodyDataStream};
use cache::{CacheError, EventChannel, EventId, MemoryEventChannel, Read};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use model::{Calculation, CalculationEvent};
use ports::Ports;
use store::Store;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::support::{Setup, TestSystem, subject};

/// An event stream, read block by block.
struct Subscriber(BodyDataStream);

/// One block of the stream.
#[derive(Debug, Default, PartialEq)]
struct SseBlock {
    event: String,
    id: String,
    data: String,
    comment: bool,
}

impl SseBlock {
    fn subject(&self) -> String {
        let data: serde_json::Value = serde_json::from_str(&self.data).expect("JSON");
        data["subject"].as_str().expect("a subject").to_owned()
    }

    fn status(&self) -> String {
        let data: serde_json::Value = serde_json::from_str(&self.data).expect("JSON");
        data["status"].as_str().expect("a status").to_owned()
    }
}

impl Subscriber {
    /// Connects, reads the hello and returns its id.
    async fn open(system: &TestSystem, path: &str, last: Option<&str>) -> (Self, String) {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = system.answer(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut subscriber = Self(response.into_body().into_data_stream());
        let hello = subscriber.block().await.expect("a hello");
        assert_eq!((hello.event.as_str(), hello.data.as_str()), ("", ""));
        (subscriber, hello.id)
    }

    /// The next block; `None` at the end of the stream.
    async fn block(&mut self) -> Option<SseBlock> {
        let text = self.0.next().await?.expect("a piece");
        let text = std::str::from_utf8(&text).expect("text");
        assert!(text.ends_with("\n\n"), "{text:?}");
        let mut block = SseBlock::default();
        for line in text.lines() {
            match line.split_once(':') {
                Some(("event", value)) => block.event = value.trim_start().to_owned(),
                Some(("id", value)) => block.id = value.trim_start().to_owned(),
                Some(("data", value)) => block.data = value.trim_start().to_owned(),
                Some(("", _)) => block.comment = true,
                Some(("retry", value)) => assert_eq!(value, " 1000"),
                _ => assert_eq!(line, ""),
            }
        }
        Some(block)
    }

    async fn event(&mut self) -> SseBlock {
        self.block().await.expect("an event")
    }

    async fn assert_silent(&mut self, during: Duration) {
        if let Ok(block) = timeout(during, self.block()).await {
            panic!("{block:?}");
        }
    }
}

/// Starts a system whose hub has read its start position.
pub(crate) async fn started() -> TestSystem {
    with(Setup::default()).await
}

async fn with(setup: Setup) -> TestSystem {
    let system = TestSystem::with(setup).await;
    while Subscriber::open(&system, "/api/events", None).await.1.is_empty() {
        tokio::task::yield_now().await;
    }
    system
}

/// Returns the id of the latest event.
async fn latest(system: &TestSystem) -> EventId {
    match system.events.read(None, Duration::ZERO).await.expect("a position") {
        Read::Events { last, .. } | Read::Gap { last } => last,
    }
}

/// Waits until the hub has passed on every event.
async fn caught_up(system: &TestSystem) {
    let last = latest(system).await.to_string();
    while Subscriber::open(system, "/api/events", None).await.1 != last {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_calculation_says_when_it_was_queued_and_its_end_was_announced() {
    let system = started().await;
    let times = async || {
        let calculation = system.get("/api/calculations/100").await.expect(StatusCode::OK).json();
        ["queued_at", "announced_at"].map(|at| calculation[at].as_str().map(|at| at[20..23].to_owned()))
    };
    let time = |ms: &str| Some(ms.to_owned());
    system.submit(100).await.expect(StatusCode::ACCEPTED);
    caught_up(&system).await;
    assert_eq!(times().await, [time("123"), None]);
    system.clock.advance(Duration::from_millis(7));
    assert!(system.work_one().await);
    caught_up(&system).await;
    assert_eq!(times().await, [time("123"), time("130")]);
}

#[tokio::test]
async fn a_subscriber_sees_a_calculation_from_start_to_end() {
    let system = started().await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;
    system.submit(100).await.expect(StatusCode::ACCEPTED);
    let queued = subscriber.event().await;
    assert_eq!((queued.event.as_str(), queued.status().as_str()), ("calculation", "queued"));
    system.publish_progress(100, 0.5).await;
    let progress = subscriber.event().await;
    assert_eq!(progress.event, "progress");
    assert_eq!(progress.id, "", "nothing resumes from progress");
    assert_eq!(progress.data, r#"{"subject":"F(100)","index":"100","progress":0.5,"remaining_ms":null}"#);
    assert!(system.work_one().await);
    let done = subscriber.event().await;
    assert_eq!(done.status(), "done");
    assert!(done.data.contains("354224848179261915075"));
    let number = |block: &SseBlock| block.id.parse::<EventId>().expect("an id").number;
    assert!(number(&queued) < number(&done));
}

#[tokio::test]
async fn a_subscriber_that_resumes_gets_what_it_missed_but_no_progress() {
    let system = started().await;
    let (mut subscriber, first) = Subscriber::open(&system, "/api/events", None).await;
    system.submit(1).await.expect(StatusCode::ACCEPTED);
    let seen = subscriber.event().await;
    drop(subscriber);
    system.publish_progress(1, 0.5).await;
    system.submit(2).await.expect(StatusCode::ACCEPTED);
    assert!(system.work_one().await);
    caught_up(&system).await;

    let (mut subscriber, from) = Subscriber::open(&system, "/api/events", Some(&seen.id)).await;
    assert_eq!(from, seen.id);
    let (second, third) = (subscriber.event().await, subscriber.event().await);
    assert_eq!((second.subject().as_str(), second.status().as_str()), ("F(2)", "queued"));
    assert_eq!((third.subject().as_str(), third.status().as_str()), ("F(1)", "done"));

    let (mut subscriber, _) =
        Subscriber::open(&system, &format!("/api/events?last_event_id={first}&index=1"), None).await;
    let coalesced = subscriber.event().await;
    assert_eq!((coalesced.subject().as_str(), coalesced.status().as_str()), ("F(1)", "done"));
    tokio::time::pause();
    subscriber.assert_silent(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_subscriber_of_another_epoch_or_too_old_is_reset() {
    let system = started().await;
    let like = queued_calculation(&system).await;
    let latest = latest(&system).await;
    let future = EventId { number: latest.number + 1, ..latest.clone() };
    for last in ["other-1", "nonsense", "", &future.to_string()] {
        let (mut subscriber, id) = Subscriber::open(&system, "/api/events", Some(last)).await;
        assert_eq!(id, latest.to_string());
        let reset = subscriber.event().await;
        assert_eq!((reset.event.as_str(), reset.data.as_str()), ("reset", "{}"), "{last}");
        assert_eq!(reset.id, latest.to_string());
    }
    // More events than the history keeps.
    for n in 0..1_100 {
        system.publish(&event_of(n, &like)).await;
    }
    caught_up(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", Some(&latest.to_string())).await;
    assert_eq!(subscriber.event().await.event, "reset");
}

/// Returns an event of F(n) in the state of F(1), without the store, so that it works while time is paused.
fn event_of(n: i64, like: &Calculation) -> CalculationEvent {
    CalculationEvent::Calculation(Box::new(Calculation { subject: subject(n), ..like.clone() }))
}

/// Submits F(1) and returns its calculation.
async fn queued_calculation(system: &TestSystem) -> Calculation {
    system.submit(1).await.expect(StatusCode::ACCEPTED);
    caught_up(system).await;
    system.store.find(&subject(1)).await.expect("the store answers").expect("a row")
}

#[tokio::test]
async fn a_channel_that_lost_events_resets_every_subscriber() {
    let system = with(Setup { events_kept: 4, ..Setup::default() }).await;
    let like = queued_calculation(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;
    let event = event_of(2, &like);
    // More than the channel keeps, before the hub can read once.
    for _ in 0..50 {
        system.publish(&event).await;
    }
    loop {
        let block = subscriber.event().await;
        if block.event == "reset" {
            break;
        }
    }
}

/// A channel that can be switched off.
struct SwitchableChannel {
    channel: Arc<MemoryEventChannel>,
    down: Arc<AtomicBool>,
}

impl SwitchableChannel {
    fn is_up(&self) -> Result<(), CacheError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(CacheError::Unavailable("switched off".into()));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl EventChannel for SwitchableChannel {
    async fn publish_batch(&self, events: &[CalculationEvent]) -> Result<(), CacheError> {
        self.is_up()?;
        self.channel.publish_batch(events).await
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        self.is_up()?;
        // Short, so that switching it off is soon noticed.
        self.channel.read(after, wait.min(Duration::from_millis(5))).await
    }
}

#[tokio::test]
async fn without_the_channel_work_is_accepted_and_subscribers_are_reset_when_it_is_back() {
    let mut system = TestSystem::start().await;
    let down = Arc::new(AtomicBool::new(false));
    let switchable = SwitchableChannel { channel: system.events.clone(), down: down.clone() };
    let ports = Ports { events: Arc::new(switchable), ..system.ports.clone() };
    let state = ApiState::start(ports, ApiConfig::default(), system.shutdown.clone());
    system.router = api::router(state.clone());
    caught_up(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;

    down.store(true, Ordering::Relaxed);
    system.submit(7).await.expect(StatusCode::ACCEPTED);
    assert_eq!(system.jobs().await, 1);
    assert!(state.ready().await.is_ok());
    subscriber.assert_silent(Duration::from_millis(50)).await;
    down.store(false, Ordering::Relaxed);
    assert_eq!(subscriber.event().await.event, "reset");
    system.submit(8).await.expect(StatusCode::ACCEPTED);
    assert_eq!(subscriber.event().await.subject(), "F(8)");
}

#[tokio::test]
async fn subscribers_are_reset_when_another_server_takes_the_place_of_the_store() {
    let mut system = TestSystem::start().await;
    let (incarnation, followed) = watch::channel(Some(Arc::from("one")));
    let ports = Ports { incarnation: Some(followed), ..system.ports.clone() };
    let state = ApiState::start(ports, ApiConfig::default(), system.shutdown.clone());
    system.router = api::router(state);
    caught_up(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;
    incarnation.send(None).expect("followed");
    incarnation.send(Some(Arc::from("one"))).expect("followed");
    system.submit(7).await.expect(StatusCode::ACCEPTED);
    assert_eq!(subscriber.event().await.subject(), "F(7)");
    incarnation.send(Some(Arc::from("two"))).expect("followed");
    assert_eq!(subscriber.event().await.event, "reset");
}

#[tokio::test]
async fn a_subscriber_gets_only_the_indexes_it_follows() {
    let system = started().await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events?index=1,-2&index=3", None).await;
    for n in [5, 3, 6, -2, 7] {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
    }
    assert_eq!(subscriber.event().await.subject(), "F(3)");
    assert_eq!(subscriber.event().await.subject(), "F(-2)");
    caught_up(&system).await;
    tokio::time::pause();
    subscriber.assert_silent(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn other_subjects_are_followed_by_name_or_with_all() {
    let system = started().await;
    let like = queued_calculation(&system).await;
    let mut subscribers = Vec::new();
    for query in ["", "?subject=L(5)", "?show=all"] {
        subscribers.push(Subscriber::open(&system, &format!("/api/events{query}"), None).await.0);
    }
    for subject in ["L(5)", "P(10)"] {
        let calculation = Calculation { subject: subject.parse().expect("a subject"), ..like.clone() };
        system.publish(&CalculationEvent::Calculation(Box::new(calculation))).await;
    }
    system.submit(9).await.expect(StatusCode::ACCEPTED);
    for (subscriber, expected) in subscribers.iter_mut().zip([&["F(9)"][..], &["L(5)"], &["L(5)", "P(10)", "F(9)"]]) {
        for subject in expected {
            assert_eq!(subscriber.event().await.subject(), *subject);
        }
    }
}

#[tokio::test]
async fn invalid_or_too_many_indexes_are_refused() {
    let system = started().await;
    let many = (0..51).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for query in
        ["index=x", "index=", "index=1,,2", "index=007", "show=x", "show=all&index=1", &format!("index={many}")]
    {
        let answer = system.get(&format!("/api/events?{query}")).await;
        answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    }
}

#[tokio::test]
async fn a_fast_stream_is_coalesced_and_its_last_state_is_sent() {
    let system = started().await;
    let like = queued_calculation(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;
    tokio::time::pause();
    let began = Instant::now();
    for step in 0..=100_u32 {
        system.publish_progress(7, f64::from(step) / 100.0).await;
        for n in 0..2 {
            system.publish(&event_of(i64::from(step * 2 + n) + 10, &like)).await;
        }
    }
    let (mut sent_at, mut last_progress, mut subjects) = (Vec::new(), String::new(), 0);
    while let Ok(block) = timeout(Duration::from_secs(12), subscriber.event()).await {
        assert_ne!(block.event, "reset");
        sent_at.push(began.elapsed());
        match block.event.as_str() {
            "progress" => last_progress = block.data,
            _ => subjects += 1,
        }
    }
    assert_eq!(subjects, 202);
    assert!(last_progress.contains(r#""progress":1.0"#), "{last_progress}");
    for window in sent_at.windows(21) {
        assert!(window[20] - window[0] >= Duration::from_millis(999), "more than 20 in a second: {window:?}");
    }
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_reset() {
    let system = started().await;
    let like = queued_calculation(&system).await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events", None).await;
    for n in 0..3_000 {
        system.publish(&event_of(n, &like)).await;
        if n % 100 == 0 {
            caught_up(&system).await;
        }
    }
    caught_up(&system).await;
    assert_eq!(subscriber.event().await.event, "reset");
    tokio::time::pause();
    subscriber.assert_silent(Duration::from_secs(5)).await;
    system.publish(&event_of(9_999, &like)).await;
    assert_eq!(subscriber.event().await.subject(), "F(9999)");
}

#[tokio::test]
async fn a_silent_stream_gets_comments_with_its_position() {
    let system = started().await;
    let (mut subscriber, _) = Subscriber::open(&system, "/api/events?index=1", None).await;
    system.submit(2).await.expect(StatusCode::ACCEPTED);
    caught_up(&system).await;
    tokio::time::pause();
    let began = Instant::now();
    for beats in 1..=3 {
        let beat = subscriber.event().await;
        assert!(beat.comment);
        let late = began.elapsed().abs_diff(beats * Duration::from_secs(15));
        assert!(late < Duration::from_secs(1), "{late:?}");
        assert_eq!(beat.id, latest(&system).await.to_string());
    }
}

#[tokio::test]
async fn an_address_has_a_share_of_the_streams_and_gets_it_back() {
    let trusted_proxies = vec!["::/0".parse().expect("a range")];
    let config = ApiConfig { event_streams: (3, 2), trusted_proxies, ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    let open = async |address: &str| {
        let request = Request::get("/api/events").header("x-forwarded-for", address);
        system.answer(request.body(Body::empty()).expect("a request")).await
    };
    let held = [open("192.0.2.1").await, open("192.0.2.1").await];
    let refused = open("192.0.2.1").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    let other = open("192.0.2.2").await;
    assert_eq!(other.status(), StatusCode::OK);
    assert_eq!(open("192.0.2.3").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(held);
    assert_eq!(open("192.0.2.1").await.status(), StatusCode::OK);
}
