//! What a step does when all goes well, or twice.

use std::sync::Arc;
use std::time::Duration;

use cache::ValueCache;
use model::{CalculationState, FailureReason, Lane, Sha256, Status, ValueState};
use ports::Ports;
use store::{CompletedValue, Placement, Store, StoredObject};
use worker::{Outcome, Worker};

use crate::shaky::OutOfReach;
use crate::system::{System, subject};

#[tokio::test]
async fn a_submitted_index_becomes_a_value() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(100).await;
    assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(100) });
    let done = system.find(100).await;
    let value = done.value().expect("done");
    assert_eq!(value.text.as_deref(), Some("354224848179261915075"));
    assert_eq!(value.first_digits, "35422484817926191507");
    assert_eq!(value.last_digits, "54224848179261915075");
    assert_eq!(system.cache.get(&subject(100)).await.expect("in memory"), Some(done));
    system.assert_nothing_queued().await;
    assert_eq!(system.news_of(100).await, ["done"]);
}

#[tokio::test]
async fn without_a_job_a_step_is_idle() {
    let system = System::start().await;
    let idle = worker::step(&system.worker("w"), &Lane::ALL, Duration::ZERO).await;
    assert_eq!(idle.expect("nothing fails"), Outcome::Idle);
}

#[tokio::test]
async fn a_slot_takes_only_its_lanes() {
    let system = System::start().await;
    let worker = system.worker("w");
    assert_eq!(system.submit(30_000_000).await, Lane::Medium);
    let idle = worker::step(&worker, &[Lane::Short], Duration::ZERO).await;
    assert_eq!(idle.expect("nothing fails"), Outcome::Idle);
    assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(30_000_000) });
}

#[tokio::test]
async fn a_duplicate_delivery_is_harmless() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(50).await;
    system.step(&worker).await;
    let before = system.find(50).await;
    system.offer(50).await;
    assert_eq!(system.step(&worker).await, Outcome::AlreadyKnown { subject: subject(50) });
    assert_eq!(system.find(50).await, before);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_leased_job_of_a_finished_row_is_only_announced_again() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(10_000_000).await;
    system.step(&worker).await;
    system.offer(10_000_000).await;
    assert_eq!(system.step(&worker).await, Outcome::AlreadyKnown { subject: subject(10_000_000) });
    assert_eq!(system.find(10_000_000).await.attempt, 1);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_large_value_goes_to_an_object_and_is_announced_in_order() {
    let system = System::start().await;
    let worker = system.worker("w");
    let n = 100_000_000;
    system.submit(n).await;
    assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(n) });
    let done = system.find(n).await;
    let value = done.value().expect("done");
    assert_eq!((value.state, value.size_bytes, &value.text), (ValueState::Object, done.digits, &None));
    assert_eq!(value.first_digits, fibonacci::first_digits(n, 20));
    assert_eq!(value.last_digits, fibonacci::last_digits(n, 20));
    assert_eq!(system.news_of(n).await, ["running", "progress", "done"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn the_value_of_a_negative_index_comes_from_its_magnitude() {
    let system = System::start().await;
    let worker = system.worker("w");
    // A sentinel in place of the right value shows where the digits come from.
    for (n, text) in [(8, "12345"), (9, "67890")] {
        system.accept(n, None).await;
        record_text(&system, n, text).await;
        system.submit(-n).await;
        system.step(&worker).await;
    }
    let text = async |n| system.find(n).await.value().and_then(|value| value.text.clone());
    assert_eq!(text(-8).await.as_deref(), Some("-12345"));
    assert_eq!(text(-9).await.as_deref(), Some("67890"));
    assert_eq!(system.find(-8).await.value().expect("done").first_digits, "12345");
}

#[tokio::test]
async fn the_value_of_a_negative_index_is_computed_when_its_magnitude_is_unknown() {
    let system = System::start().await;
    let worker = system.worker("w");
    for n in [-8, -9] {
        system.submit(n).await;
        assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(n) });
    }
    assert_eq!(system.find(-8).await.value().and_then(|value| value.text.clone()).as_deref(), Some("-21"));
    assert_eq!(system.find(-9).await.value().and_then(|value| value.text.clone()).as_deref(), Some("34"));
}

#[tokio::test]
async fn a_value_that_contradicts_the_one_known_before_fails_and_is_not_served() {
    let system = System::start().await;
    let worker = system.worker("w");
    // An object that was evicted: only its hash is left, and that is of something else.
    system.accept(500_000, None).await;
    let wrong = StoredObject { subject: subject(500_000), sha256: Sha256([7; 32]), size_bytes: 104_494 };
    record(&system, 500_000, wrong.sha256, Placement::Object).await;
    system.store.mark_evicted(&wrong).await.expect("evicted");
    system.submit(500_000).await;
    let reason = FailureReason::Contradiction;
    assert_eq!(system.step(&worker).await, Outcome::GaveUp { subject: subject(500_000), reason });
    let CalculationState::Failed { failure, .. } = system.find(500_000).await.state else { panic!("not failed") };
    assert_eq!(failure.reason, reason);
    assert_eq!(system.cache.get(&subject(500_000)).await.expect("in memory"), None);
    assert_eq!(system.news_of(500_000).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_that_the_record_does_not_know_is_dropped() {
    let system = System::start().await;
    let worker = system.worker("w");
    for n in [10, 10_000_000] {
        system.offer(n).await;
        assert_eq!(system.step(&worker).await, Outcome::Unknown { subject: subject(n) });
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn without_cache_and_announcements_nothing_but_news_is_missing() {
    let system = System::start().await;
    let (known, announcements) = (Arc::new(OutOfReach), Arc::new(OutOfReach));
    let ports = Ports { cache: known, events: announcements, ..system.ports() };
    let worker = Worker::new(ports, System::settings("w"));
    for n in [100, 10_000_000] {
        system.submit(n).await;
        assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(n) });
    }
    system.assert_nothing_queued().await;
}

async fn record_text(system: &System, n: i64, text: &str) {
    record(system, n, store::digest(&text.to_owned()).sha256, Placement::Inline(text.to_owned())).await;
}

async fn record(system: &System, n: i64, sha256: Sha256, placement: Placement) {
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
