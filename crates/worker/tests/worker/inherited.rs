//! Work that a process finds in the record when it starts, and that the one before it may have died of.

use std::time::Duration;

use model::{Clock, FailureReason, Job, Lane};
use queue::JobQueue;
use worker::{Outcome, Settings};

use crate::system::{System, subject};

#[tokio::test]
async fn short_work_that_a_process_dies_of_at_every_start_is_given_up() {
    let system = System::start().await;
    // Too short for a lease, and long enough to be caught at it.
    let n = 50_000_000;
    system.accept(n, None).await;
    system.clock.advance(Duration::from_secs(1));
    let mut settings = System::settings("dies");
    settings.leased_above = Duration::from_secs(60);
    settings.lease = Duration::from_millis(50);
    settings.leased_before = Some(system.clock.now());
    for _ in 0..5 {
        die_with_everything(&system, settings.clone(), n).await;
    }
    offer_as_before(&system, n).await;
    let outcome = step_when_free(&system, settings.clone()).await;
    assert_eq!(outcome, Outcome::GaveUp { subject: subject(n), reason: FailureReason::WorkersLost });

    // What was asked for since takes none.
    system.clock.advance(Duration::from_secs(1));
    system.submit(11).await;
    assert_eq!(step_when_free(&system, settings).await, Outcome::Recorded { subject: subject(11) });
    assert_eq!(system.news_of(11).await, ["done"], "it never said that it ran");
}

/// A process that dies while it computes F(n), and with it the queue.
async fn die_with_everything(system: &System, settings: Settings, n: i64) {
    offer_as_before(system, n).await;
    let worker = system.worker_with(settings);
    let attempt = system.find(n).await.attempt;
    tokio::select! {
        outcome = async { loop {
            match system.step(&worker).await {
                Outcome::HeldElsewhere { .. } => {}
                outcome => break outcome,
            }
        } } => panic!("{outcome:?} before it died"),
        () = async {
            while system.find(n).await.attempt == attempt {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } => {}
    }
    system.queue.forget_everything();
}

/// What the sweep of a new process does with what it finds in the record.
async fn offer_as_before(system: &System, n: i64) {
    let row = system.find(n).await;
    let lane = Lane::for_work(fibonacci::estimate(n).work);
    let job = Job { subject: subject(n), lane, attempt: 1, enqueued_at: row.asked_at, traceparent: None };
    system.queue.enqueue(&job).await.expect("in memory");
}

async fn step_when_free(system: &System, settings: Settings) -> Outcome {
    let worker = system.worker_with(settings);
    loop {
        match system.step(&worker).await {
            Outcome::HeldElsewhere { .. } => {}
            outcome => return outcome,
        }
    }
}
