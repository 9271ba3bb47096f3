//! What goes wrong, and heals or does not.

use std::sync::Arc;
use std::time::Duration;

use model::{CalculationState, FailureReason, Lane, Status, WaitingFor};
use ports::Ports;
use store::{Store, Values};
use worker::{Outcome, Worker};

use crate::system::{System, subject};

/// Beyond what the kernel takes on: it says "out of memory" at once.
const TOO_FAR: i64 = 900_000_000_000;

#[tokio::test]
async fn three_errors_fail_a_job_with_a_reason_and_a_growing_pause_between() {
    let system = System::start().await;
    let mut settings = System::settings("boundless");
    settings.memory_bytes = u64::MAX;
    let worker = system.worker_with(settings);
    system.submit(TOO_FAR).await;
    for after in [5, 20] {
        let after = Duration::from_millis(after);
        assert_eq!(system.step(&worker).await, Outcome::Retried { subject: subject(TOO_FAR), after });
    }
    let reason = FailureReason::TooLargeToFit;
    assert_eq!(system.step(&worker).await, Outcome::GaveUp { subject: subject(TOO_FAR), reason });
    let CalculationState::Failed { failure, .. } = system.find(TOO_FAR).await.state else { panic!("not failed") };
    assert_eq!((failure.reason, failure.attempts), (reason, 3));
    let retry = ["running", "queued for retry"];
    let expected: Vec<&str> = retry.into_iter().chain(retry).chain(["running", "failed"]).collect();
    assert_eq!(system.news_of(TOO_FAR).await, expected);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_record_out_of_reach_for_a_while_loses_nothing() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(1000).await;
    system.submit(30_000_000).await;
    system.store.set_out_of_reach(true);
    let step = |lanes: &'static [Lane]| {
        let worker = worker.clone();
        tokio::spawn(async move { worker::step(&worker, lanes, Duration::from_secs(5)).await })
    };
    let short = step(&[Lane::Short]);
    // A lease cannot even be asked for: the job comes again.
    assert!(step(&[Lane::Medium]).await.expect("no panic").is_err());
    while system.store.refused() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let refused = system.store.refused();
    tokio::time::sleep(Duration::from_millis(600)).await;
    // Neither failed nor in a hot loop.
    assert!(system.store.refused() - refused < 10);
    assert!(!short.is_finished());
    system.store.set_out_of_reach(false);
    assert_eq!(short.await.expect("no panic").expect("a step"), Outcome::Recorded { subject: subject(1000) });
    loop {
        match system.step(&worker).await {
            Outcome::HeldElsewhere { .. } => {}
            outcome => break assert_eq!(outcome, Outcome::Recorded { subject: subject(30_000_000) }),
        }
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_value_that_cannot_be_recorded_before_shutdown_is_left_to_others() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(1000).await;
    system.store.set_out_of_reach(true);
    let stepping = tokio::spawn({
        let worker = worker.clone();
        async move { worker::step(&worker, &Lane::ALL, Duration::from_secs(5)).await }
    });
    while system.store.refused() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    worker.stop();
    assert!(stepping.await.expect("no panic").is_err());
    system.store.set_out_of_reach(false);
    assert_eq!(system.status(1000).await, Status::Queued);
    assert_eq!(system.step(&system.worker("other")).await, Outcome::Recorded { subject: subject(1000) });
}

#[tokio::test]
async fn a_value_that_finds_no_room_three_times_fails() {
    let system = System::start().await;
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, system.objects.clone(), Some(1000));
    let worker = Worker::new(Ports { values, ..system.ports() }, System::settings("w"));
    let n = 1_000_000;
    system.submit(n).await;
    for _ in 0..2 {
        assert!(matches!(system.step(&worker).await, Outcome::Retried { .. }));
        let CalculationState::Queued { waiting_for } = system.find(n).await.state else { panic!("not queued") };
        assert_eq!(waiting_for, Some(WaitingFor::Retry));
    }
    let reason = FailureReason::StorageFailed;
    assert_eq!(system.step(&worker).await, Outcome::GaveUp { subject: subject(n), reason });
    assert_eq!(system.status(n).await, Status::Failed);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn older_values_make_room_for_new_ones() {
    let system = System::start().await;
    let (n, later) = (1_000_000, 1_000_001);
    let limit = Some(300_000);
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, system.objects.clone(), limit);
    let worker = Worker::new(Ports { values, ..system.ports() }, System::settings("w"));
    for n in [n, later] {
        system.submit(n).await;
        assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(n) });
    }
    assert!(!system.find(n).await.is_readable());
    assert!(system.find(later).await.is_readable());
    // Asked for again it is computed again, and is the same.
    let known = system.find(n).await.value().map(|value| value.sha256);
    system.submit(n).await;
    assert_eq!(system.step(&worker).await, Outcome::Recorded { subject: subject(n) });
    assert_eq!(system.find(n).await.value().map(|value| value.sha256), known);
}
