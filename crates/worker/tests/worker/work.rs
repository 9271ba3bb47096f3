//! Jobs that succeed, or are delivered twice.

use std::sync::Arc;
use std::time::Duration;

use cache::ValueCache;
use model::{CalculationState, FailureReason, Lane, Sha256, Status, Subject, ValueState};
use ports::Ports;
use queue::JobQueue;
use store::{CompletedValue, Placement, Store, StoredValue};
use worker::{Outcome, OutcomeKind, Worker};

use crate::faulty_queue::{FaultyEvents, Unreachable};
use crate::harness::{Harness, ended, subject};

#[tokio::test]
async fn a_submitted_index_becomes_a_value() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(100).await;
    assert_eq!(system.process_one(&worker).await, ended(100, OutcomeKind::Completed));
    let done = system.find(100).await;
    let value = done.value().expect("done");
    assert_eq!(value.text.as_deref(), Some("354224848179261915075"));
    assert_eq!(value.first_digits, "35422484817926191507");
    assert_eq!(value.last_digits, "54224848179261915075");
    assert_eq!(system.cache.get(&subject(100)).await.expect("in memory"), Some(done));
    system.assert_nothing_queued().await;
    assert_eq!(system.events_of(100).await, ["done"]);
}

#[tokio::test]
async fn every_kind_of_subject_becomes_a_value() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    for (text, first, last, digits) in [
        ("L(100)", "79207083984837225312", "92070839848372253127", 21),
        ("V(2,-1,10)", "6726", "6726", 4),
        ("G(3,4,-5)", "4", "4", 1),
        // Longer than what is computed at once, and with a lease.
        ("L(2000000)", "19076555371645547204", "24399457432861328127", 417_976),
        ("U(3,-1,200000)", "18093312213625173093", "74300247918726706887", 103_776),
    ] {
        let subject: Subject = text.parse().expect("a subject");
        system.submit_subject(&subject).await;
        let outcome = system.process_one(&worker).await;
        assert_eq!(outcome, Outcome { subject: subject.clone(), kind: OutcomeKind::Completed });
        let done = system.store.find(&subject).await.expect("reachable").expect("a row");
        let value = done.value().expect("done");
        assert_eq!(
            (value.first_digits.as_str(), value.last_digits.as_str(), done.digits),
            (first, last, digits),
            "{text}"
        );
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn without_a_job_nothing_is_processed() {
    let system = Harness::start().await;
    let idle = worker::process_one(&system.worker("w"), &Lane::ALL, Duration::ZERO).await;
    assert_eq!(idle.expect("nothing fails"), None);
}

#[tokio::test]
async fn only_the_given_lanes_are_claimed() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    assert_eq!(system.submit(30_000_000).await, Lane::Medium);
    let idle = worker::process_one(&worker, &[Lane::Short], Duration::ZERO).await;
    assert_eq!(idle.expect("nothing fails"), None);
    assert_eq!(system.process_one(&worker).await, ended(30_000_000, OutcomeKind::Completed));
}

#[tokio::test]
async fn a_duplicate_delivery_is_harmless() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(50).await;
    system.process_one(&worker).await;
    let before = system.find(50).await;
    system.enqueue(50).await;
    assert_eq!(system.process_one(&worker).await, ended(50, OutcomeKind::AlreadyCompleted));
    assert_eq!(system.find(50).await, before);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_leased_job_of_a_finished_calculation_is_only_published_again() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(10_000_000).await;
    system.process_one(&worker).await;
    system.enqueue(10_000_000).await;
    assert_eq!(system.process_one(&worker).await, ended(10_000_000, OutcomeKind::AlreadyCompleted));
    assert_eq!(system.find(10_000_000).await.attempt, 1);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_large_value_becomes_an_object_and_is_published_in_order() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    let n = 100_000_000;
    system.submit(n).await;
    assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    let done = system.find(n).await;
    let value = done.value().expect("done");
    assert_eq!((value.state, value.size_bytes, &value.text), (ValueState::Object, done.digits, &None));
    assert_eq!(value.first_digits, fibonacci::first_digits(n, 20));
    assert_eq!(value.last_digits, fibonacci::last_digits(n, 20));
    let mut events = system.events_of(n).await;
    // An undisturbed machine is done before the first report of progress, which comes after a quarter of a second.
    if events.len() == 3 {
        assert_eq!(events.remove(1), "progress");
    }
    assert_eq!(events, ["running", "done"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn negative_indexes_have_the_right_sign() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    for n in [-8, -9] {
        system.submit(n).await;
        assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    }
    assert_eq!(system.find(-8).await.value().and_then(|value| value.text.clone()).as_deref(), Some("-21"));
    assert_eq!(system.find(-9).await.value().and_then(|value| value.text.clone()).as_deref(), Some("34"));
}

#[tokio::test]
async fn a_value_that_contradicts_the_one_known_before_fails_and_is_not_served() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    // An object that was evicted: only its hash is left, and that is of something else.
    system.accept(500_000, None).await;
    let wrong = StoredValue { subject: subject(500_000), sha256: Sha256([7; 32]), size_bytes: 104_494 };
    record(&system, 500_000, wrong.sha256, Placement::Object).await;
    system.store.mark_evicted(&wrong).await.expect("evicted");
    system.submit(500_000).await;
    let reason = FailureReason::Contradiction;
    assert_eq!(system.process_one(&worker).await, ended(500_000, OutcomeKind::Failed { reason }));
    let CalculationState::Failed { failure, .. } = system.find(500_000).await.state else { panic!("not failed") };
    assert_eq!(failure.reason, reason);
    assert_eq!(system.cache.get(&subject(500_000)).await.expect("in memory"), None);
    assert_eq!(system.events_of(500_000).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_without_a_calculation_is_dropped() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    for n in [10, 10_000_000] {
        system.enqueue(n).await;
        assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Unknown));
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn without_cache_and_events_jobs_are_completed_and_published_later() {
    let system = Harness::start().await;
    let events = Arc::new(FaultyEvents::unreachable(system.events.clone()));
    let ports = Ports { cache: Arc::new(Unreachable), events: Arc::clone(&events) as _, ..system.ports() };
    let worker = Worker::new(ports, Harness::settings("w"));
    for n in [100, 10_000_000] {
        system.submit(n).await;
        assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
        assert_eq!(system.status(n).await, Status::Done);
        assert!(system.queue.contains(&subject(n)).await.expect("in memory"), "a page still waits for the event");
    }
    events.recover();
    for _ in 0..2 {
        assert_eq!(system.process_one(&worker).await.kind, OutcomeKind::AlreadyCompleted);
    }
    for n in [100, 10_000_000] {
        assert_eq!(system.events_of(n).await, ["done"]);
    }
    system.assert_nothing_queued().await;
}

async fn record(system: &Harness, n: i64, sha256: Sha256, placement: Placement) {
    let digits = match &placement {
        Placement::Inline(text) => text.len() as u64,
        Placement::Object => fibonacci::estimate(n).digits,
    };
    let recorded = CompletedValue {
        subject: subject(n),
        sha256,
        first_digits: String::from("1"),
        last_digits: String::from("1"),
        digits,
        size_bytes: digits,
        placement,
        started_at: model::Timestamp::default(),
        finished_at: model::Timestamp::default(),
        compute_ms: 0,
    };
    system.store.complete(&recorded).await.expect("recorded");
    assert_eq!(system.status(n).await, Status::Done);
}
