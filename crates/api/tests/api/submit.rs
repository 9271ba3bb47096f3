//! Submissions: accepted, known, waited for, counted, refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::ApiConfig;
use http::{HeaderValue, Request, StatusCode};
use model::CalculationEvent;
use store::Store;

use crate::support::{Setup, TestSystem, form, json, subject};

const ACCEPTED: StatusCode = StatusCode::ACCEPTED;

fn waiting(n: i64, seconds: &'static str) -> Request<axum::body::Body> {
    let mut request = json("/api/calculations", format!(r#"{{"index":{n}}}"#));
    request.headers_mut().insert("prefer", HeaderValue::from_static(seconds));
    request
}

#[tokio::test]
async fn a_submitted_index_becomes_a_value() {
    let system = TestSystem::start().await;
    let answer = system.submit(10).await.expect(ACCEPTED);
    assert_eq!(answer.header("location"), "/api/calculations/10");
    assert!(!answer.headers.contains_key("abaci-ask"));
    insta::assert_snapshot!(answer.text, @r#"{"subject":"F(10)","index":"10","status":"queued","progress":null,"remaining_ms":null,"digits":2,"asked":1,"asked_at":"2025-11-23T23:50:27.123Z","queued_at":"2025-11-23T23:50:27.123Z","started_at":null,"finished_at":null,"announced_at":null,"compute_ms":null,"attempt":0,"waiting_for":null,"first_digits":null,"last_digits":null,"sha256":null,"value":null,"value_state":null,"residues":null,"failure":null,"links":{"self":"/api/calculations/10","value":"/api/calculations/10/value","page":"/n/10"}}"#);

    assert!(system.work_one().await);
    let answer = system.submit(10).await.expect(StatusCode::OK);
    assert_eq!(answer.json()["value"], "55");
    assert_eq!(system.get("/api/calculations/10/value").await.text, "55");
}

#[tokio::test]
async fn forms_literals_and_strings_submit_the_same() {
    let system = TestSystem::start().await;
    system.send(form("/api/calculations", "index=-8")).await.expect(ACCEPTED);
    system.post_json(r#"{"index":-8}"#).await.expect(ACCEPTED);
    system.post_json(r#"{"later":[{}], "index":"\u002d8"}"#).await.expect(ACCEPTED);
    assert_eq!(system.rows().await, 1);
    assert!(system.work_one().await);
    assert_eq!(system.get("/api/calculations/-8/value").await.text, "-21");
}

#[tokio::test]
async fn a_thousand_submissions_at_once_are_one_row_and_one_job() {
    let system = Arc::new(TestSystem::start().await);
    let submissions: Vec<_> = (0..1_000)
        .map(|_| {
            let system = Arc::clone(&system);
            tokio::spawn(async move { system.submit(5_000).await.status })
        })
        .collect();
    for submission in submissions {
        assert_eq!(submission.await.expect("no panic"), ACCEPTED);
    }
    assert_eq!(system.rows().await, 1);
    assert_eq!(system.jobs().await, 1);
    assert!(system.work_one().await);
    assert!(!system.work_one().await);
}

#[tokio::test]
async fn request_counts_are_written_at_shutdown_at_the_latest() {
    let system = TestSystem::start().await;
    system.submit(10).await.expect(ACCEPTED);
    system.submit(10).await.expect(ACCEPTED);
    assert!(system.work_one().await);
    system.submit(10).await.expect(StatusCode::OK);
    system.shutdown.cancel();
    system.state.ended().await;
    let found = system.store.find(&subject(10)).await.expect("the store answers").expect("a row");
    assert_eq!(found.request_count, 3);
}

#[tokio::test]
async fn a_read_shows_how_often_was_submitted() {
    let system = TestSystem::start().await;
    system.compute(10).await;
    for _ in 0..3 {
        system.submit(10).await.expect(StatusCode::OK);
    }
    let start = Instant::now();
    while system.get("/api/calculations/10").await.json()["asked"] != 4 {
        assert!(start.elapsed() < Duration::from_secs(20), "the counts are written every second");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn long_work_returns_a_token_and_short_work_none() {
    let system = TestSystem::start().await;
    let answer = system.submit(900_000_000).await.expect(ACCEPTED);
    let token = answer.header("abaci-ask").to_owned();
    assert_eq!(token.len(), 32);
    assert_eq!(answer.json()["ask"], token.as_str());
    let other = system.submit(900_000_000).await.expect(ACCEPTED);
    assert_ne!(other.header("abaci-ask"), token);
    assert!(system.submit(1_000).await.expect(ACCEPTED).json().get("ask").is_none());
}

#[tokio::test]
async fn a_request_that_prefers_to_wait_gets_the_value() {
    let system = Arc::new(TestSystem::start().await);
    system.start_worker();
    let answer = system.send(waiting(100, "wait=20")).await.expect(StatusCode::OK);
    assert_eq!(answer.json()["value"], "354224848179261915075");
    assert_eq!(answer.header("preference-applied"), "wait=20");
    let answer = system.send(waiting(100, "wait=999")).await.expect(StatusCode::OK);
    assert_eq!(answer.header("preference-applied"), "wait=30");
}

#[tokio::test]
async fn a_wait_without_a_value_ends_with_202() {
    let system = TestSystem::start().await;
    tokio::time::pause();
    let answer = system.send(waiting(100, "wait=3")).await.expect(ACCEPTED);
    assert_eq!(answer.json()["status"], "queued");
    assert_eq!(answer.header("preference-applied"), "wait=3");
}

#[tokio::test]
async fn a_value_whose_event_was_lost_is_found_at_the_end_of_the_wait() {
    let system = Arc::new(TestSystem::with(Setup { events_kept: 1, ..Setup::default() }).await);
    let waiter = {
        let system = Arc::clone(&system);
        tokio::spawn(async move { system.send(waiting(10, "wait=30")).await })
    };
    while !system.work_one().await {
        tokio::task::yield_now().await;
    }
    // The channel keeps one event: that of F(10) is lost, unless the hub has read it in time.
    system.publish_progress(7, 0.5).await;
    system.publish_progress(7, 0.6).await;
    assert_eq!(waiter.await.expect("no panic").expect(StatusCode::OK).json()["value"], "55");
}

#[tokio::test]
async fn above_the_limit_of_waiters_the_response_is_immediate() {
    let system = Arc::new(TestSystem::with_config(ApiConfig { waiters: 1, ..ApiConfig::default() }).await);
    let first = {
        let system = Arc::clone(&system);
        tokio::spawn(async move { system.send(waiting(10, "wait=30")).await })
    };
    while system.jobs().await == 0 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let second = system.send(waiting(11, "wait=30")).await.expect(ACCEPTED);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(second.json()["status"], "queued");
    assert!(!first.is_finished());
    while system.work_one().await {}
    first.await.expect("no panic").expect(StatusCode::OK);
    // The slot is free again.
    system.send(waiting(10, "wait=30")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn without_the_store_nothing_is_accepted() {
    let system = TestSystem::start().await;
    system.store.close().await;
    let answer = system.submit(10).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(answer.json()["detail"].as_str().expect("a detail").contains("may have been stored"));
    assert!(!answer.headers.contains_key("abaci-ask"));
    let answer = system.submit(900_000_000).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    assert_eq!(answer.header("abaci-ask").len(), 32);
    assert_eq!(system.jobs().await, 0);
    assert!(system.state.ready().await.is_err());
    for path in ["/api/calculations", "/api/calculations/10", "/api/calculations/10/value", "/api/values/all"] {
        system.get(path).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
}

#[tokio::test]
async fn without_the_queue_work_is_accepted() {
    let system = TestSystem::with(Setup { queue_capacity: 0, ..Setup::default() }).await;
    system.submit(10).await.expect(ACCEPTED);
    assert_eq!(system.rows().await, 1);
    assert_eq!(system.store.unfinished(None, 10).await.expect("the store answers").len(), 1);
    assert!(system.state.ready().await.is_ok());
}

#[tokio::test]
async fn a_full_queue_refuses_new_work_and_stores_nothing() {
    let system = TestSystem::with(Setup { max_queued: 1, ..Setup::default() }).await;
    system.submit(10).await.expect(ACCEPTED);
    let answer = system.submit(11).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "queue-full");
    assert_eq!(answer.json()["allowed"], "1");
    assert!(answer.headers.contains_key("retry-after"));
    system.submit(10).await.expect(ACCEPTED);
    assert_eq!(system.rows().await, 1);
    assert!(system.work_one().await);
    system.submit(11).await.expect(ACCEPTED);
}

#[tokio::test]
async fn long_work_whose_value_the_disk_cannot_hold_is_refused_for_now_and_not_stored() {
    let config = ApiConfig { disk_reserve_bytes: u64::MAX, ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    let answer = system.submit(1_000_000).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "too-large-to-fit");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(system.rows().await, 0);
    system.submit(10).await.expect(ACCEPTED);
}

#[tokio::test]
async fn an_address_that_requests_too_much_work_gets_429_with_retry_after() {
    let system = TestSystem::with_config(ApiConfig { rate: Some(0.01), ..ApiConfig::default() }).await;
    let mut refused = None;
    for n in 0..20 {
        let answer = system.submit(n).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("ten milliseconds are soon used up");
    let answer = answer.expect_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests");
    assert!(answer.header("retry-after").parse::<u64>().expect("seconds") > 0);
    let rows = system.rows().await;
    assert!((5..=10).contains(&rows), "{rows}");
    // A pending or known index costs nothing.
    while system.work_one().await {}
    system.submit(0).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_cancelled_calculation_that_is_submitted_again_is_queued_again() {
    let system = TestSystem::start().await;
    let token = system.submit(900_000_000).await.header("abaci-ask").parse().expect("a token");
    let withdrawn = system.store.withdraw(&subject(900_000_000), &token, model::Clock::now(&*system.clock)).await;
    assert!(matches!(withdrawn, Ok(store::WithdrawResult::Cancelled(_))));
    system.clock.advance(Duration::from_secs(1));
    let answer = system.submit(900_000_000).await.expect(ACCEPTED);
    assert_eq!(answer.json()["status"], "queued");
    assert_eq!(system.rows().await, 1);
}

#[tokio::test]
async fn a_request_joins_the_trace_it_comes_with_and_so_does_its_job() {
    let system = TestSystem::start().await;
    let mut request = json("/api/calculations", r#"{"index":10}"#);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.headers_mut().insert("traceparent", HeaderValue::from_static(parent));
    system.send(request).await.expect(ACCEPTED);
    let unfinished = system.store.unfinished(None, 1).await.expect("the store answers");
    let trace = unfinished[0].traceparent.expect("a trace");
    assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_ne!(trace.to_string(), parent);
}

#[tokio::test]
async fn the_queued_event_is_published_before_the_worker_starts() {
    let system = TestSystem::start().await;
    let start = cache::EventChannel::read(&*system.events, None, Duration::ZERO).await.expect("a position");
    let cache::Read::Events { last, .. } = start else { panic!("{start:?}") };
    system.compute(10).await;
    let read = cache::EventChannel::read(&*system.events, Some(&last), Duration::ZERO).await.expect("events");
    let cache::Read::Events { events, .. } = read else { panic!("{read:?}") };
    let statuses: Vec<_> = events
        .iter()
        .map(|(_, event)| match event {
            CalculationEvent::Calculation(calculation) => calculation.status().as_str(),
            CalculationEvent::Progress(_) => "progress",
        })
        .collect();
    assert_eq!(statuses, ["queued", "done"]);
}

#[tokio::test]
async fn an_address_that_queues_too_much_work_is_told_when_there_is_room() {
    let config = ApiConfig { queued_work_per_address: Some(Duration::from_secs(3)), ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    let mut accepted = 0_usize;
    let refused = loop {
        let n = 400_000_000 + i64::try_from(accepted).expect("few");
        let answer = system.submit(n).await;
        assert!(answer.header("ratelimit-policy").ends_with(";q=3"), "{:?}", answer.headers);
        if answer.status != ACCEPTED {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 1_000, "never refused");
    };
    let refused = refused.expect_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests");
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") > 0);
    let remaining =
        refused.header("ratelimit").strip_prefix("\"queued-work\";r=").and_then(|rest| rest.split(';').next());
    assert!(remaining.is_some_and(|seconds| ["0", "1", "2"].contains(&seconds)), "{}", refused.header("ratelimit"));
    assert_eq!(system.rows().await, accepted);
    system.submit(400_000_000).await.expect(ACCEPTED);
}

#[tokio::test]
async fn short_work_is_accepted_while_too_much_long_work_is_queued() {
    let queued_work = Some(Duration::from_millis(1));
    let config = ApiConfig { queued_work, queued_work_per_address: None, ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    system.submit(900_000_000).await.expect(ACCEPTED);
    let refused = system.submit(900_000_001).await.expect_problem(StatusCode::SERVICE_UNAVAILABLE, "queue-full");
    assert!(refused.headers.contains_key("retry-after"));
    system.submit(1_000).await.expect(ACCEPTED);
}

#[tokio::test]
async fn work_that_no_live_worker_has_the_memory_for_is_refused_with_the_largest_index_that_fits() {
    let system = TestSystem::start().await;
    let report = model::WorkerReport {
        id: model::WorkerId("w".to_owned()),
        version: "1".to_owned(),
        lanes: model::Lane::ALL.to_vec(),
        computing: Vec::new(),
        finished: 0,
        memory_bytes: Some(64 << 20),
        seen_at: model::Clock::now(&*system.clock),
    };
    queue::JobQueue::report(&*system.queue, &report).await.expect("the queue answers");
    let start = Instant::now();
    // The API reads reports every second.
    let refused = loop {
        let answer = system.submit(999_999_999).await;
        if answer.status != ACCEPTED {
            break answer;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "never refused");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let refused = refused.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "too-large-to-fit").json();
    let largest = refused["allowed"].as_str().expect("a range").rsplit(' ').next().expect("an index");
    system.submit(largest.parse().expect("an index")).await.expect(ACCEPTED);
}
