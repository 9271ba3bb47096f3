//! Watching: Server-Sent Events, in order, merged, resumed, and given up when a page is too slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::{ApiState, Limits};
use axum::body::{Body, BodyDataStream};
use cache::{CacheError, EventChannel, EventId, MemoryEventChannel, Read};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use model::{Calculation, CalculationEvent};
use ports::Ports;
use store::Store;
use tokio::time::{Instant, timeout};

use crate::support::{Setup, TestSystem, subject};

/// An open page, reading block by block.
struct Page(BodyDataStream);

/// One block of the stream.
#[derive(Debug, Default, PartialEq)]
struct Block {
    event: String,
    id: String,
    data: String,
    comment: bool,
}

impl Block {
    fn subject(&self) -> String {
        let data: serde_json::Value = serde_json::from_str(&self.data).expect("JSON");
        data["subject"].as_str().expect("a subject").to_owned()
    }

    fn status(&self) -> String {
        let data: serde_json::Value = serde_json::from_str(&self.data).expect("JSON");
        data["status"].as_str().expect("a status").to_owned()
    }
}

impl Page {
    /// Connects and takes the greeting, whose id it gives.
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
        let mut page = Self(response.into_body().into_data_stream());
        let greeting = page.block().await.expect("a greeting");
        assert_eq!((greeting.event.as_str(), greeting.data.as_str()), ("", ""));
        (page, greeting.id)
    }

    /// The next block; `None` at the end of the stream.
    async fn block(&mut self) -> Option<Block> {
        let text = self.0.next().await?.expect("a piece");
        let text = std::str::from_utf8(&text).expect("text");
        assert!(text.ends_with("\n\n"), "{text:?}");
        let mut block = Block::default();
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

    async fn event(&mut self) -> Block {
        self.block().await.expect("an event")
    }

    async fn assert_silent(&mut self, during: Duration) {
        if let Ok(block) = timeout(during, self.block()).await {
            panic!("{block:?}");
        }
    }
}

/// The hub has read the place it begins at: without that, nothing is announced to it.
async fn started() -> TestSystem {
    with(Setup::default()).await
}

async fn with(setup: Setup) -> TestSystem {
    let system = TestSystem::with(setup).await;
    while Page::open(&system, "/api/events", None).await.1.is_empty() {
        tokio::task::yield_now().await;
    }
    system
}

/// The place of what was announced last.
async fn present(system: &TestSystem) -> EventId {
    match system.events.read(None, Duration::ZERO).await.expect("a place") {
        Read::Events { last, .. } | Read::Gap { last } => last,
    }
}

/// The hub has passed on everything that was announced.
async fn settled(system: &TestSystem) {
    let last = present(system).await.to_string();
    while Page::open(system, "/api/events", None).await.1 != last {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_page_sees_a_calculation_from_its_beginning_to_its_end() {
    let system = started().await;
    let (mut page, _) = Page::open(&system, "/api/events", None).await;
    system.submit(100).await.expect(StatusCode::ACCEPTED);
    let queued = page.event().await;
    assert_eq!((queued.event.as_str(), queued.status().as_str()), ("calculation", "queued"));
    system.announce_progress(100, 0.5).await;
    let progress = page.event().await;
    assert_eq!(progress.event, "progress");
    assert_eq!(progress.id, "", "progress is no place to come back to");
    assert_eq!(progress.data, r#"{"subject":"F(100)","index":"100","progress":0.5,"remaining_ms":null}"#);
    assert!(system.work_one().await);
    let done = page.event().await;
    assert_eq!(done.status(), "done");
    assert!(done.data.contains("354224848179261915075"));
    let number = |block: &Block| block.id.parse::<EventId>().expect("an id").number;
    assert!(number(&queued) < number(&done));
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_missed_but_no_progress() {
    let system = started().await;
    let (mut page, first) = Page::open(&system, "/api/events", None).await;
    system.submit(1).await.expect(StatusCode::ACCEPTED);
    let seen = page.event().await;
    drop(page);
    system.announce_progress(1, 0.5).await;
    system.submit(2).await.expect(StatusCode::ACCEPTED);
    assert!(system.work_one().await);
    settled(&system).await;

    let (mut page, from) = Page::open(&system, "/api/events", Some(&seen.id)).await;
    assert_eq!(from, seen.id);
    let (second, third) = (page.event().await, page.event().await);
    assert_eq!((second.subject().as_str(), second.status().as_str()), ("F(2)", "queued"));
    assert_eq!((third.subject().as_str(), third.status().as_str()), ("F(1)", "done"));

    let (mut page, _) = Page::open(&system, &format!("/api/events?last_event_id={first}&index=1"), None).await;
    let merged = page.event().await;
    assert_eq!((merged.subject().as_str(), merged.status().as_str()), ("F(1)", "done"));
    tokio::time::pause();
    page.assert_silent(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_page_of_another_epoch_or_too_old_loads_everything_again() {
    let system = started().await;
    let like = asked(&system).await;
    let present = present(&system).await;
    let future = EventId { number: present.number + 1, ..present.clone() };
    for last in ["other-1", "nonsense", "", &future.to_string()] {
        let (mut page, id) = Page::open(&system, "/api/events", Some(last)).await;
        assert_eq!(id, present.to_string());
        let reset = page.event().await;
        assert_eq!((reset.event.as_str(), reset.data.as_str()), ("reset", "{}"), "{last}");
        assert_eq!(reset.id, present.to_string());
    }
    // What happened before this process began to listen it cannot replay.
    for n in 0..1_100 {
        system.announce(&about(n, &like)).await;
    }
    settled(&system).await;
    let (mut page, _) = Page::open(&system, "/api/events", Some(&present.to_string())).await;
    assert_eq!(page.event().await.event, "reset");
}

/// News that F(n) stands as F(1) does. Made without the record, so that time may stand still meanwhile.
fn about(n: i64, like: &Calculation) -> CalculationEvent {
    CalculationEvent::Calculation(Box::new(Calculation { subject: subject(n), ..like.clone() }))
}

/// F(1), asked for.
async fn asked(system: &TestSystem) -> Calculation {
    system.submit(1).await.expect(StatusCode::ACCEPTED);
    settled(system).await;
    system.store.find(&subject(1)).await.expect("the record answers").expect("a row")
}

#[tokio::test]
async fn a_channel_that_lost_news_resets_every_page() {
    let system = with(Setup { announcements_kept: 4, ..Setup::default() }).await;
    let like = asked(&system).await;
    let (mut page, _) = Page::open(&system, "/api/events", None).await;
    let news = about(2, &like);
    // More than the channel keeps, before the hub can read once.
    for _ in 0..50 {
        system.announce(&news).await;
    }
    loop {
        let block = page.event().await;
        if block.event == "reset" {
            break;
        }
    }
}

/// A channel that can be taken away.
struct Flaky {
    channel: Arc<MemoryEventChannel>,
    down: Arc<AtomicBool>,
}

impl Flaky {
    fn is_up(&self) -> Result<(), CacheError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(CacheError::Unavailable("taken away".into()));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl EventChannel for Flaky {
    async fn publish(&self, announcement: &CalculationEvent) -> Result<(), CacheError> {
        self.is_up()?;
        self.channel.publish(announcement).await
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        self.is_up()?;
        // Short, so that being taken away is soon noticed.
        self.channel.read(after, wait.min(Duration::from_millis(5))).await
    }
}

#[tokio::test]
async fn without_the_channel_work_is_accepted_and_pages_load_again_when_it_is_back() {
    let mut system = TestSystem::start().await;
    let down = Arc::new(AtomicBool::new(false));
    let flaky = Flaky { channel: system.events.clone(), down: down.clone() };
    let ports = Ports { events: Arc::new(flaky), ..system.ports.clone() };
    let state = ApiState::start(ports, Limits::default(), system.shutdown.clone());
    system.router = api::router(state.clone());
    settled(&system).await;
    let (mut page, _) = Page::open(&system, "/api/events", None).await;

    down.store(true, Ordering::Relaxed);
    system.submit(7).await.expect(StatusCode::ACCEPTED);
    assert_eq!(system.jobs().await, 1);
    assert!(api::ready(&state).await.is_ok());
    page.assert_silent(Duration::from_millis(50)).await;
    down.store(false, Ordering::Relaxed);
    assert_eq!(page.event().await.event, "reset");
    system.submit(8).await.expect(StatusCode::ACCEPTED);
    assert_eq!(page.event().await.subject(), "F(8)");
}

#[tokio::test]
async fn a_page_hears_only_of_the_indexes_it_follows() {
    let system = started().await;
    let (mut page, _) = Page::open(&system, "/api/events?index=1,-2&index=3", None).await;
    for n in [5, 3, 6, -2, 7] {
        system.submit(n).await.expect(StatusCode::ACCEPTED);
    }
    assert_eq!(page.event().await.subject(), "F(3)");
    assert_eq!(page.event().await.subject(), "F(-2)");
    settled(&system).await;
    tokio::time::pause();
    page.assert_silent(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn wrong_or_too_many_indexes_are_refused() {
    let system = started().await;
    let many = (0..51).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for query in ["index=x", "index=", "index=1,,2", "index=007", &format!("index={many}")] {
        let answer = system.get(&format!("/api/events?{query}")).await;
        answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    }
}

#[tokio::test]
async fn a_fast_stream_is_merged_and_its_last_state_is_told() {
    let system = started().await;
    let like = asked(&system).await;
    let (mut page, _) = Page::open(&system, "/api/events", None).await;
    tokio::time::pause();
    let began = Instant::now();
    for step in 0..=100_u32 {
        system.announce_progress(7, f64::from(step) / 100.0).await;
        for n in 0..2 {
            system.announce(&about(i64::from(step * 2 + n) + 10, &like)).await;
        }
    }
    let (mut told, mut last_progress, mut subjects) = (Vec::new(), String::new(), 0);
    while let Ok(block) = timeout(Duration::from_secs(12), page.event()).await {
        assert_ne!(block.event, "reset");
        told.push(began.elapsed());
        match block.event.as_str() {
            "progress" => last_progress = block.data,
            _ => subjects += 1,
        }
    }
    assert_eq!(subjects, 202);
    assert!(last_progress.contains(r#""progress":1.0"#), "{last_progress}");
    for window in told.windows(21) {
        assert!(window[20] - window[0] >= Duration::from_millis(999), "more than 20 in a second: {window:?}");
    }
}

#[tokio::test]
async fn a_page_that_does_not_read_is_reset_and_nothing_grows() {
    let system = started().await;
    let like = asked(&system).await;
    let (mut page, _) = Page::open(&system, "/api/events", None).await;
    for n in 0..3_000 {
        system.announce(&about(n, &like)).await;
        if n % 100 == 0 {
            settled(&system).await;
        }
    }
    settled(&system).await;
    assert_eq!(page.event().await.event, "reset");
    tokio::time::pause();
    page.assert_silent(Duration::from_secs(5)).await;
    system.announce(&about(9_999, &like)).await;
    assert_eq!(page.event().await.subject(), "F(9999)");
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_keeps_its_place() {
    let system = started().await;
    let (mut page, _) = Page::open(&system, "/api/events?index=1", None).await;
    system.submit(2).await.expect(StatusCode::ACCEPTED);
    settled(&system).await;
    tokio::time::pause();
    let began = Instant::now();
    for beats in 1..=3 {
        let beat = page.event().await;
        assert!(beat.comment);
        let late = began.elapsed().abs_diff(beats * Duration::from_secs(15));
        assert!(late < Duration::from_secs(1), "{late:?}");
        assert_eq!(beat.id, present(&system).await.to_string());
    }
}
