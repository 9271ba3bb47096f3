//! Short jobs that are claimed together.

use std::sync::Arc;
use std::time::Duration;

use cache::ValueCache;
use model::Status;
use ports::Ports;
use queue::JobQueue;
use tokio::time::{Instant, sleep};
use worker::Worker;

use crate::faulty_queue::FaultyEvents;
use crate::harness::{Harness, subject};

const NUMBERS: std::ops::Range<i64> = 100..160;

/// Runs a worker until a condition holds, and stops it.
async fn run_until(worker: Worker, condition: impl AsyncFn() -> bool) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async {
        let _ = stopped.await;
    }));
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_secs(60), "not within a minute");
        sleep(Duration::from_millis(10)).await;
    }
    stop.send(()).expect("it runs");
    running.await.expect("no panic");
}

async fn all_are(system: &Harness, status: Status) -> bool {
    let subjects: Vec<_> = NUMBERS.map(subject).collect();
    let found = system.store.inner().find_batch(&subjects).await.expect("the store answers");
    found.len() == subjects.len() && found.iter().all(|row| row.status() == status)
}

#[tokio::test]
async fn jobs_claimed_together_are_completed_published_cached_and_acknowledged() {
    let system = Harness::start().await;
    for n in NUMBERS {
        system.submit(n).await;
    }
    // A job whose calculation is unknown, and one that was completed before, are among them.
    system.enqueue(7).await;
    system.submit(8).await;
    system.process_one(&system.worker("earlier")).await;
    let nothing_queued = async || {
        let depth = system.queue.depth().await.expect("in memory");
        all_are(&system, Status::Done).await && depth.iter().all(|lane| lane.waiting + lane.claimed == 0)
    };
    run_until(system.worker("w"), nothing_queued).await;
    for n in NUMBERS {
        let done = system.find(n).await;
        assert_eq!(
            done.value().and_then(|value| value.text.clone()),
            Some(fibonacci::nth(n).expect("small").to_string())
        );
        assert_eq!(done.attempt, 1);
        assert_eq!(system.cache.get(&done.subject).await.expect("in memory"), Some(done));
        assert_eq!(system.events_of(n).await, ["done"]);
    }
}

#[tokio::test]
async fn what_cannot_be_published_or_stored_is_tried_again_one_by_one() {
    let system = Harness::start().await;
    for n in NUMBERS {
        system.submit(n).await;
    }
    let events = Arc::new(FaultyEvents::unreachable(system.events.clone()));
    let worker = |name| {
        let ports = Ports { events: Arc::clone(&events) as _, ..system.ports() };
        Worker::new(ports, Harness::settings(name))
    };
    system.store.set_unreachable(true);
    run_until(worker("without-store"), async || system.store.refused() > 20).await;
    assert!(all_are(&system, Status::Queued).await);
    system.store.set_unreachable(false);
    run_until(worker("without-events"), async || all_are(&system, Status::Done).await).await;
    for n in NUMBERS {
        assert!(system.queue.contains(&subject(n)).await.expect("in memory"), "a page still waits for the event");
    }
    events.recover();
    let nothing_queued = async || {
        let depth = system.queue.depth().await.expect("in memory");
        depth.iter().all(|lane| lane.waiting + lane.claimed == 0)
    };
    run_until(worker("recovered"), nothing_queued).await;
    for n in NUMBERS {
        assert_eq!(system.events_of(n).await.last().map(String::as_str), Some("done"));
    }
}

#[tokio::test]
async fn a_last_event_is_published_later_though_no_job_is_redelivered() {
    let system = Harness::start().await;
    let events = Arc::new(FaultyEvents::unreachable(system.events.clone()));
    let mut settings = Harness::settings("w");
    // The job is returned for as long: as if the queue had lost it.
    settings.lease = Duration::from_secs(600);
    let worker = Worker::new(Ports { events: Arc::clone(&events) as _, ..system.ports() }, settings);
    for n in NUMBERS {
        system.submit(n).await;
    }
    let published = async || {
        if all_are(&system, Status::Done).await {
            events.recover();
        }
        system.events_of(100).await == ["done"] && system.events_of(159).await == ["done"]
    };
    run_until(worker, published).await;
}
