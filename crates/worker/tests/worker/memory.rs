//! Work that needs more memory than is free.

use std::time::Duration;

use model::{CalculationState, FailureReason, Lane, Status};
use queue::JobQueue;
use worker::{OutcomeKind, Worker};

use crate::harness::{Harness, ended, try_process};

/// A worker that has room for one of these at a time.
const LARGE: [i64; 2] = [70_000_000, 69_999_999];

fn tight(system: &Harness) -> Worker {
    let mut settings = Harness::settings("tight");
    settings.memory_bytes = fibonacci::estimate(LARGE[0]).memory_bytes * 5 / 4;
    system.worker_with(settings)
}

#[tokio::test]
async fn large_jobs_run_one_after_the_other_and_small_ones_proceed() {
    let system = Harness::start().await;
    let worker = tight(&system);
    for n in LARGE {
        system.submit(n).await;
    }
    let step = |lanes: &'static [Lane]| {
        let worker = worker.clone();
        tokio::spawn(async move { try_process(&worker, lanes).await.expect("an outcome") })
    };
    let first = step(&[Lane::Medium, Lane::Long]);
    system.until(LARGE[0], Status::Running).await;
    let second = step(&[Lane::Medium, Lane::Long]);
    // Says why it waits, while the other one runs.
    while system.events_of(LARGE[1]).await.is_empty() {
        assert_eq!(system.status(LARGE[0]).await, Status::Running);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(system.events_of(LARGE[1]).await, ["queued for memory"]);
    system.submit(1000).await;
    assert_eq!(step(&[Lane::Short]).await.expect("no panic"), ended(1000, OutcomeKind::Completed));
    assert!(!first.is_finished() && !second.is_finished());

    assert_eq!(first.await.expect("no panic"), ended(LARGE[0], OutcomeKind::Completed));
    assert_eq!(second.await.expect("no panic"), ended(LARGE[1], OutcomeKind::Completed));
    let mut events = system.events_of(LARGE[1]).await;
    // A fast computation ends before its first report of progress.
    events.retain(|event| event != "progress");
    assert_eq!(events, ["queued for memory", "running", "done"]);
    assert_eq!(system.find(LARGE[1]).await.attempt, 1);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_that_waits_too_long_for_memory_is_released() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("tight");
    settings.memory_bytes = fibonacci::estimate(LARGE[0]).memory_bytes * 5 / 4;
    settings.memory_wait = Duration::from_millis(50);
    let worker = system.worker_with(settings);
    for n in LARGE {
        system.submit(n).await;
    }
    let first = tokio::spawn({
        let worker = worker.clone();
        async move { try_process(&worker, &Lane::ALL).await }
    });
    system.until(LARGE[0], Status::Running).await;
    assert_eq!(system.process_one(&worker).await, ended(LARGE[1], OutcomeKind::Released));
    assert!(!first.is_finished());
    // A worker with room takes it at once.
    assert_eq!(system.process_one(&system.worker("roomy")).await, ended(LARGE[1], OutcomeKind::Completed));
    first.await.expect("no panic").expect("an outcome");
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_that_never_fits_fails() {
    let system = Harness::start().await;
    let worker = tight(&system);
    let n = 2 * LARGE[0];
    system.submit(n).await;
    let reason = FailureReason::TooLargeToFit;
    assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Failed { reason }));
    let CalculationState::Failed { failure, .. } = system.find(n).await.state else { panic!("not failed") };
    assert_eq!(failure.reason, reason);
    assert_eq!(system.events_of(n).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_that_never_fits_here_is_left_to_a_worker_that_can_hold_it() {
    let system = Harness::start().await;
    let (small, n) = (tight(&system), 2 * LARGE[0]);
    let large = system.worker("large");
    system.queue.report(&large.report()).await.expect("in memory");
    system.submit(n).await;
    assert_eq!(system.process_one(&small).await, ended(n, OutcomeKind::Released));
    assert_eq!(system.status(n).await, Status::Queued);
    assert_eq!(system.process_one(&large).await, ended(n, OutcomeKind::Completed));
}

#[tokio::test]
async fn a_job_that_never_fits_here_is_left_alone_when_completed_elsewhere() {
    let system = Harness::start().await;
    let n = 30_000_000;
    system.submit(n).await;
    system.process_one(&system.worker("roomy")).await;
    system.enqueue(n).await;
    let mut settings = Harness::settings("tiny");
    settings.memory_bytes = 1 << 20;
    assert_eq!(system.process_one(&system.worker_with(settings)).await, ended(n, OutcomeKind::AlreadyCompleted));
    assert_eq!(system.status(n).await, Status::Done);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_dropped_computation_frees_its_memory() {
    let system = Harness::start().await;
    let (long, next) = (600_000_000, 60_000_000);
    let mut settings = Harness::settings("tight");
    settings.memory_bytes = fibonacci::estimate(long).memory_bytes * 8 / 7 + 8;
    // Left alone, the long one would take longer than this.
    settings.memory_wait = Duration::from_secs(3);
    let worker = system.worker_with(settings);
    system.submit(long).await;
    tokio::select! {
        outcome = system.process_one(&worker) => panic!("finished before it was dropped: {outcome:?}"),
        _ = system.until(long, Status::Running) => {}
    }
    system.submit(next).await;
    let outcome = try_process(&worker, &[Lane::Medium]).await.expect("an outcome");
    assert_eq!(outcome, ended(next, OutcomeKind::Completed));
}
