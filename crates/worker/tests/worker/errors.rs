//! Errors that are retried, and errors that fail a calculation.

use std::sync::Arc;
use std::time::Duration;

use model::{CalculationState, FailureReason, Lane, Status, WaitingFor};
use ports::Ports;
use store::{Objects, Store, Values};
use worker::{Outcome, OutcomeKind, Worker};

use crate::harness::{Harness, ended, try_process};
use crate::small_disk::SmallDisk;

/// Beyond what the kernel takes on: it says "out of memory" at once.
const TOO_FAR: i64 = 900_000_000_000;

#[tokio::test]
async fn three_errors_with_growing_pauses_fail_a_calculation() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("boundless");
    settings.memory_bytes = u64::MAX;
    let worker = system.worker_with(settings);
    system.submit(TOO_FAR).await;
    for after in [5, 20] {
        let after = Duration::from_millis(after);
        assert_eq!(system.process_one(&worker).await, ended(TOO_FAR, OutcomeKind::Retried { after }));
    }
    let reason = FailureReason::TooLargeToFit;
    assert_eq!(system.process_one(&worker).await, ended(TOO_FAR, OutcomeKind::Failed { reason }));
    let CalculationState::Failed { failure, .. } = system.find(TOO_FAR).await.state else { panic!("not failed") };
    assert_eq!((failure.reason, failure.attempts), (reason, 3));
    let retry = ["running", "queued for retry"];
    let expected: Vec<&str> = retry.into_iter().chain(retry).chain(["running", "failed"]).collect();
    assert_eq!(system.events_of(TOO_FAR).await, expected);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn an_unreachable_store_loses_nothing() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(1000).await;
    system.submit(30_000_000).await;
    system.store.set_unreachable(true);
    let step = |lanes: &'static [Lane]| {
        let worker = worker.clone();
        tokio::spawn(async move { try_process(&worker, lanes).await })
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
    system.store.set_unreachable(false);
    assert_eq!(short.await.expect("no panic").expect("an outcome"), ended(1000, OutcomeKind::Completed));
    loop {
        match system.process_one(&worker).await {
            Outcome { kind: OutcomeKind::LeasedElsewhere, .. } => {}
            outcome => break assert_eq!(outcome, ended(30_000_000, OutcomeKind::Completed)),
        }
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_value_that_cannot_be_stored_before_shutdown_is_left_to_others() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(1000).await;
    system.store.set_unreachable(true);
    let stepping = tokio::spawn({
        let worker = worker.clone();
        async move { try_process(&worker, &Lane::ALL).await }
    });
    while system.store.refused() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    worker.stop();
    assert!(stepping.await.expect("no panic").is_err());
    system.store.set_unreachable(false);
    assert_eq!(system.status(1000).await, Status::Queued);
    assert_eq!(system.process_one(&system.worker("other")).await, ended(1000, OutcomeKind::Completed));
}

#[tokio::test]
async fn a_value_above_the_limit_of_one_value_fails() {
    let system = Harness::start().await;
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, system.objects.clone(), Some(1000));
    let worker = Worker::new(Ports { values, ..system.ports() }, Harness::settings("w"));
    let n = 1_000_000;
    system.submit(n).await;
    for _ in 0..2 {
        assert!(matches!(system.process_one(&worker).await, Outcome { kind: OutcomeKind::Retried { .. }, .. }));
        let CalculationState::Queued { waiting_for } = system.find(n).await.state else { panic!("not queued") };
        assert_eq!(waiting_for, Some(WaitingFor::Retry));
    }
    let reason = FailureReason::StorageFailed;
    assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Failed { reason }));
    assert_eq!(system.status(n).await, Status::Failed);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_full_disk_is_waited_for_and_counts_as_no_attempt() {
    let Some(disk) = SmallDisk::mount() else { return };
    let system = Harness::start().await;
    let objects = Objects::in_directory(disk.path().join("values")).expect("a folder");
    let ballast = disk.fill();
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, objects, None);
    let worker = Worker::new(Ports { values, ..system.ports() }, Harness::settings("w"));
    let n = 1_000_000;
    system.submit(n).await;
    for _ in 0..4 {
        assert!(matches!(system.process_one(&worker).await.kind, OutcomeKind::Retried { .. }));
        let CalculationState::Queued { waiting_for } = system.find(n).await.state else { panic!("not queued") };
        assert_eq!(waiting_for, Some(WaitingFor::Storage));
    }
    drop(ballast);
    assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    assert!(system.find(n).await.is_readable());
    system.assert_nothing_queued().await;
}

/// The disk is smaller than the limit of the values, which alone would let it fill up.
#[tokio::test]
async fn older_values_are_evicted_before_the_disk_is_full() {
    let Some(disk) = SmallDisk::mount() else { return };
    let system = Harness::start().await;
    let objects = Objects::in_directory(disk.path().join("values")).expect("a folder");
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, objects, Some(1 << 30));
    let worker = Worker::new(Ports { values: values.clone(), ..system.ports() }, Harness::settings("w"));
    let (first, last) = (1_000_000, 1_000_029);
    for n in first..=last {
        system.submit(n).await;
        assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    }
    assert!(!system.find(first).await.is_readable());
    assert!(system.find(last).await.is_readable());
    let free = values.object_room(0).await.expect("reachable").expect("a disk");
    assert!(free > 700_000, "{free} bytes are free");
    let room = values.object_room(2_000_000).await.expect("reachable").expect("a disk");
    assert!((1_500_000..=2 << 20).contains(&room), "half of the disk: {room}");
}

#[tokio::test]
async fn older_values_are_evicted_for_new_ones() {
    let system = Harness::start().await;
    let (n, later) = (1_000_000, 1_000_002);
    let limit = Some(500_000);
    let values = Values::new(Arc::clone(&system.store) as Arc<dyn Store>, system.objects.clone(), limit);
    let worker = Worker::new(Ports { values, ..system.ports() }, Harness::settings("w"));
    for n in [n, later - 1, later] {
        system.submit(n).await;
        assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    }
    assert!(!system.find(n).await.is_readable());
    assert!(system.find(later).await.is_readable());
    // Asked for again it is computed again, and is the same.
    let known = system.find(n).await.value().map(|value| value.sha256);
    system.submit(n).await;
    assert_eq!(system.process_one(&worker).await, ended(n, OutcomeKind::Completed));
    assert_eq!(system.find(n).await.value().map(|value| value.sha256), known);
}
