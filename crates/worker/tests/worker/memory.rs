//! Work that does not fit beside other work.

use std::time::Duration;

use model::{CalculationState, FailureReason, Lane, Status};
use worker::{Outcome, Worker};

use crate::system::{System, subject};

/// A worker that has room for one of these at a time.
const LARGE: [i64; 2] = [70_000_000, 69_999_999];

fn tight(system: &System) -> Worker {
    let mut settings = System::settings("tight");
    settings.memory_bytes = fibonacci::estimate(LARGE[0]).memory_bytes * 5 / 4;
    system.worker_with(settings)
}

#[tokio::test]
async fn two_large_ones_go_one_after_the_other_and_small_ones_proceed() {
    let system = System::start().await;
    let worker = tight(&system);
    for n in LARGE {
        system.submit(n).await;
    }
    let step = |lanes: &'static [Lane]| {
        let worker = worker.clone();
        tokio::spawn(async move { worker::step(&worker, lanes, Duration::from_secs(5)).await.expect("a step") })
    };
    let first = step(&[Lane::Medium, Lane::Long]);
    system.until(LARGE[0], Status::Running).await;
    let second = step(&[Lane::Medium, Lane::Long]);
    // Says why it waits, while the other one runs.
    while system.news_of(LARGE[1]).await.is_empty() {
        assert_eq!(system.status(LARGE[0]).await, Status::Running);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(system.news_of(LARGE[1]).await, ["queued for memory"]);
    system.submit(1000).await;
    assert_eq!(step(&[Lane::Short]).await.expect("no panic"), Outcome::Recorded { subject: subject(1000) });
    assert!(!first.is_finished() && !second.is_finished());

    assert_eq!(first.await.expect("no panic"), Outcome::Recorded { subject: subject(LARGE[0]) });
    assert_eq!(second.await.expect("no panic"), Outcome::Recorded { subject: subject(LARGE[1]) });
    assert_eq!(system.news_of(LARGE[1]).await, ["queued for memory", "running", "progress", "done"]);
    assert_eq!(system.find(LARGE[1]).await.attempt, 1);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn what_waits_too_long_for_memory_is_given_to_others() {
    let system = System::start().await;
    let mut settings = System::settings("tight");
    settings.memory_bytes = fibonacci::estimate(LARGE[0]).memory_bytes * 5 / 4;
    settings.memory_wait = Duration::from_millis(50);
    let worker = system.worker_with(settings);
    for n in LARGE {
        system.submit(n).await;
    }
    let first = tokio::spawn({
        let worker = worker.clone();
        async move { worker::step(&worker, &Lane::ALL, Duration::from_secs(5)).await }
    });
    system.until(LARGE[0], Status::Running).await;
    assert_eq!(system.step(&worker).await, Outcome::HandedBack { subject: subject(LARGE[1]) });
    assert!(!first.is_finished());
    // A worker with room takes it at once.
    assert_eq!(system.step(&system.worker("roomy")).await, Outcome::Recorded { subject: subject(LARGE[1]) });
    first.await.expect("no panic").expect("a step");
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn what_never_fits_fails_with_a_reason() {
    let system = System::start().await;
    let worker = tight(&system);
    let n = 2 * LARGE[0];
    system.submit(n).await;
    let reason = FailureReason::TooLargeToFit;
    assert_eq!(system.step(&worker).await, Outcome::GaveUp { subject: subject(n), reason });
    let CalculationState::Failed { failure, .. } = system.find(n).await.state else { panic!("not failed") };
    assert_eq!(failure.reason, reason);
    assert_eq!(system.news_of(n).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn what_never_fits_here_is_left_alone_when_another_has_finished_it() {
    let system = System::start().await;
    let n = 30_000_000;
    system.submit(n).await;
    system.step(&system.worker("roomy")).await;
    system.offer(n).await;
    let mut settings = System::settings("tiny");
    settings.memory_bytes = 1 << 20;
    assert_eq!(system.step(&system.worker_with(settings)).await, Outcome::AlreadyKnown { subject: subject(n) });
    assert_eq!(system.status(n).await, Status::Done);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_computation_that_is_dropped_gives_its_memory_back() {
    let system = System::start().await;
    let (long, next) = (600_000_000, 60_000_000);
    let mut settings = System::settings("tight");
    settings.memory_bytes = fibonacci::estimate(long).memory_bytes * 8 / 7 + 8;
    // Left alone, the long one would take longer than this.
    settings.memory_wait = Duration::from_secs(3);
    let worker = system.worker_with(settings);
    system.submit(long).await;
    tokio::select! {
        outcome = system.step(&worker) => panic!("finished before it was dropped: {outcome:?}"),
        _ = system.until(long, Status::Running) => {}
    }
    system.submit(next).await;
    let outcome = worker::step(&worker, &[Lane::Medium], Duration::from_secs(5)).await.expect("a step");
    assert_eq!(outcome, Outcome::Recorded { subject: subject(next) });
}
