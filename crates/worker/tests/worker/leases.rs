//! Work that is withdrawn, handed back, cut off or lost.

use std::time::{Duration, Instant};

use model::{AskToken, CalculationState, FailureReason, Lane, Status, WorkerId};
use queue::JobQueue;
use store::{LeaseResult, Store, WithdrawResult};
use worker::{Outcome, WorkerError};

use crate::system::{System, subject};

/// Some seconds of work: more than any test lets it have.
const LONG: i64 = 400_000_000;

#[tokio::test]
async fn a_withdrawn_computation_stops_within_a_second_and_is_cancelled() {
    let system = System::start().await;
    let worker = system.worker("w");
    let ask = AskToken::random().expect("randomness");
    system.submit_for(LONG, Some(ask.clone())).await;
    let stepping = tokio::spawn({
        let worker = worker.clone();
        async move { worker::step(&worker, &Lane::ALL, Duration::from_secs(5)).await }
    });
    system.until(LONG, Status::Running).await;
    assert!(matches!(system.withdraw(LONG, &ask).await, WithdrawResult::Cancelled(_)));
    let withdrawn_at = Instant::now();
    let outcome = stepping.await.expect("no panic").expect("a step");
    assert_eq!(outcome, Outcome::Withdrawn { subject: subject(LONG) });
    assert!(withdrawn_at.elapsed() < Duration::from_secs(1), "{:?}", withdrawn_at.elapsed());
    assert_eq!(system.status(LONG).await, Status::Cancelled);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_withdrawn_before_its_turn_is_not_begun() {
    let system = System::start().await;
    let ask = AskToken::random().expect("randomness");
    system.submit_for(LONG, Some(ask.clone())).await;
    system.withdraw(LONG, &ask).await;
    assert_eq!(system.step(&system.worker("w")).await, Outcome::Withdrawn { subject: subject(LONG) });
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_worker_that_shuts_down_hands_back_and_another_finishes() {
    let system = System::start().await;
    let worker = system.worker("first");
    let n = 50_000_000;
    system.submit(n).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async { stopped.await.expect("told to stop") }));
    system.until(n, Status::Running).await;
    let asked_at = Instant::now();
    stop.send(()).expect("still running");
    running.await.expect("no panic");
    assert!(asked_at.elapsed() < Duration::from_secs(1), "{:?}", asked_at.elapsed());
    let released = system.find(n).await;
    assert_eq!((released.status(), released.attempt), (Status::Queued, 0));

    assert_eq!(system.step(&system.worker("second")).await, Outcome::Recorded { subject: subject(n) });
    let mut news = system.news_of(n).await;
    news.retain(|word| word != "progress");
    assert_eq!(news, ["running", "queued", "running", "done"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_worker_that_stops_claims_nothing_more() {
    let system = System::start().await;
    let worker = system.worker("w");
    system.submit(10).await;
    worker.stop();
    assert_eq!(system.step(&worker).await, Outcome::Idle);
    assert_eq!(system.status(10).await, Status::Queued);
}

#[tokio::test]
async fn what_a_dying_worker_computes_is_finished_by_another() {
    let system = System::start().await;
    let n = 50_000_000;
    system.submit(n).await;
    die_while_computing(&system, "dies", n).await;
    assert_eq!(system.status(n).await, Status::Running);
    let died_at = Instant::now();
    let outcome = loop {
        match system.step(&system.worker("lives")).await {
            // The queue may be a moment ahead of the record.
            Outcome::HeldElsewhere { .. } => {}
            outcome => break outcome,
        }
    };
    assert_eq!(outcome, Outcome::Recorded { subject: subject(n) });
    assert!(died_at.elapsed() < Duration::from_secs(10), "{:?}", died_at.elapsed());
    assert_eq!(system.find(n).await.attempt, 2);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn five_leases_lost_in_a_row_fail_a_job() {
    let system = System::start().await;
    system.submit(LONG).await;
    let lease = Duration::from_millis(1);
    for lost in 0..5_u32 {
        // The database's clock must see the lease run out, which doubles each time.
        let claiming = loop {
            let worker = WorkerId(format!("dies-{lost}"));
            let now = model::Clock::now(&*system.clock);
            match system.store.lease(&subject(LONG), &worker, lease, now).await.expect("reachable") {
                LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
                claiming => break claiming,
            }
        };
        assert!(matches!(claiming, LeaseResult::Leased(..)), "{claiming:?}");
    }
    let worker = system.worker("w");
    let outcome = loop {
        match system.step(&worker).await {
            Outcome::HeldElsewhere { .. } => {}
            outcome => break outcome,
        }
    };
    assert_eq!(outcome, Outcome::GaveUp { subject: subject(LONG), reason: FailureReason::WorkersLost });
    assert!(matches!(system.find(LONG).await.state, CalculationState::Failed { .. }));
    assert_eq!(system.news_of(LONG).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn short_work_whose_worker_died_takes_a_lease_so_that_losses_are_counted() {
    let system = System::start().await;
    let mut settings = System::settings("dies");
    settings.lease = Duration::from_millis(20);
    system.submit(10).await;
    let claimed = system.queue.claim(&settings.id, &Lane::ALL, settings.lease, Duration::ZERO).await;
    assert!(claimed.expect("in memory").is_some());
    assert_eq!(system.step(&system.worker("w")).await, Outcome::Recorded { subject: subject(10) });
    assert_eq!(system.news_of(10).await, ["running", "done"]);
}

#[tokio::test]
async fn a_lease_is_kept_for_as_long_as_the_work_takes() {
    let system = System::start().await;
    let mut settings = System::settings("slow");
    settings.lease = Duration::from_millis(600);
    let n = 150_000_000;
    system.submit(n).await;
    let slow = system.worker_with(settings);
    let stepping = tokio::spawn(async move { worker::step(&slow, &Lane::ALL, Duration::from_secs(5)).await });
    system.until(n, Status::Running).await;
    let other = system.worker("other");
    while !stepping.is_finished() {
        let outcome = worker::step(&other, &Lane::ALL, Duration::from_millis(50)).await.expect("nothing fails");
        // On a starved machine the claim may be late to be extended; the lease decides.
        assert!(matches!(outcome, Outcome::Idle | Outcome::HeldElsewhere { .. }), "{outcome:?}");
    }
    assert_eq!(stepping.await.expect("no panic").expect("a step"), Outcome::Recorded { subject: subject(n) });
    assert_eq!(system.find(n).await.attempt, 1);
}

#[tokio::test]
async fn a_job_that_another_holds_is_left_to_it() {
    let system = System::start().await;
    system.submit(LONG).await;
    let holder = WorkerId("holder".to_owned());
    let now = model::Clock::now(&*system.clock);
    system.store.lease(&subject(LONG), &holder, Duration::from_secs(60), now).await.expect("reachable");
    assert_eq!(system.step(&system.worker("w")).await, Outcome::HeldElsewhere { subject: subject(LONG) });
    assert!(system.queue.contains(&subject(LONG)).await.expect("in memory"));
    assert_eq!(system.status(LONG).await, Status::Running);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stops_and_fails_nothing() {
    let system = System::start().await;
    let slow = system.worker("slow");
    let lease = Duration::from_secs(60);
    system.submit(LONG).await;
    let stepping = tokio::spawn(async move { worker::step(&slow, &Lane::ALL, Duration::from_secs(5)).await });
    system.until(LONG, Status::Running).await;
    // No heartbeat gets through until another has the lease.
    system.store.set_out_of_reach(true);
    let other = WorkerId("other".to_owned());
    loop {
        let now = model::Clock::now(&*system.clock);
        match system.store.behind_the_door().lease(&subject(LONG), &other, lease, now).await.expect("reachable") {
            LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
            claiming => break assert!(matches!(claiming, LeaseResult::Leased(..)), "{claiming:?}"),
        }
    }
    system.store.set_out_of_reach(false);
    let outcome: Result<Outcome, WorkerError> = stepping.await.expect("no panic");
    assert_eq!(outcome.expect("a step"), Outcome::LeaseLost { subject: subject(LONG) });
    assert_eq!(system.status(LONG).await, Status::Running);
}

#[tokio::test]
async fn a_value_computed_under_a_lost_lease_is_right_all_the_same() {
    let system = System::start().await;
    let n = 50_000_000;
    let mut settings = System::settings("never-renews");
    settings.lease = Duration::from_millis(50);
    settings.heartbeat = Duration::from_secs(60);
    let worker = system.worker_with(settings);
    system.submit(n).await;
    let stepping = tokio::spawn(async move { worker::step(&worker, &Lane::ALL, Duration::from_secs(5)).await });
    system.until(n, Status::Running).await;
    let other = WorkerId("other".to_owned());
    loop {
        let now = model::Clock::now(&*system.clock);
        match system.store.lease(&subject(n), &other, Duration::from_secs(60), now).await.expect("reachable") {
            LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
            claiming => break assert!(matches!(claiming, LeaseResult::Leased(..)), "{claiming:?}"),
        }
    }
    assert_eq!(stepping.await.expect("no panic").expect("a step"), Outcome::Recorded { subject: subject(n) });
    assert_eq!(system.status(n).await, Status::Done);
}

/// Drops a step in the middle of its computation: that is all the death of a process leaves behind.
async fn die_while_computing(system: &System, name: &str, n: i64) {
    let worker = system.worker(name);
    let step = worker::step(&worker, &Lane::ALL, Duration::from_secs(5));
    tokio::select! {
        outcome = step => panic!("finished before it died: {outcome:?}"),
        _ = system.until(n, Status::Running) => {}
    }
}
