//! Work found in the store at the start, which an earlier process may have died of.

use std::time::Duration;

use model::{Clock, FailureReason, Job};
use queue::JobQueue;
use worker::{Outcome, OutcomeKind, Settings};

use crate::harness::{Harness, ended};

#[tokio::test]
async fn short_work_that_kills_every_process_fails() {
    let system = Harness::start().await;
    // Too short for a lease, and long enough to be caught at it.
    let n = 50_000_000;
    system.accept(n, None).await;
    system.clock.advance(Duration::from_secs(1));
    let mut settings = Harness::settings("dies");
    settings.leased_above = Duration::from_secs(60);
    settings.lease = Duration::from_millis(50);
    settings.leased_before = Some(system.clock.now());
    for _ in 0..5 {
        die_with_everything(&system, settings.clone(), n).await;
    }
    enqueue_as_the_sweep_does(&system, n).await;
    let outcome = process_when_free(&system, settings.clone()).await;
    assert_eq!(outcome, ended(n, OutcomeKind::Failed { reason: FailureReason::WorkersLost }));

    // A job submitted since takes none.
    system.clock.advance(Duration::from_secs(1));
    system.submit(11).await;
    assert_eq!(process_when_free(&system, settings).await, ended(11, OutcomeKind::Completed));
    assert_eq!(system.events_of(11).await, ["done"], "it never said that it ran");
}

/// A process that dies while it computes F(n), and with it the queue.
async fn die_with_everything(system: &Harness, settings: Settings, n: i64) {
    enqueue_as_the_sweep_does(system, n).await;
    let worker = system.worker_with(settings);
    let attempt = system.find(n).await.attempt;
    tokio::select! {
        outcome = async { loop {
            match system.process_one(&worker).await {
                Outcome { kind: OutcomeKind::LeasedElsewhere, .. } => {}
                outcome => break outcome,
            }
        } } => panic!("{outcome:?} before it died"),
        () = async {
            while system.find(n).await.attempt == attempt {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } => {}
    }
    system.queue.lose_everything();
}

/// Enqueues a calculation from its row in the store, as the sweep of a new process does.
async fn enqueue_as_the_sweep_does(system: &Harness, n: i64) {
    let row = system.find(n).await;
    let job = Job { enqueued_at: row.asked_at, ..system.job(n) };
    system.queue.enqueue(&job).await.expect("in memory");
}

async fn process_when_free(system: &Harness, settings: Settings) -> Outcome {
    let worker = system.worker_with(settings);
    loop {
        match system.process_one(&worker).await {
            Outcome { kind: OutcomeKind::LeasedElsewhere, .. } => {}
            outcome => return outcome,
        }
    }
}
