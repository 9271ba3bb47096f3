//! Leases that are withdrawn, released or lost.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{AskToken, CalculationState, FailureReason, Lane, Status, WorkerId};
use ports::Ports;
use queue::JobQueue;
use store::{LeaseResult, SqliteStore, Store, StoreLimits, WithdrawResult};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use worker::{Outcome, OutcomeKind, Worker, WorkerError};

use crate::harness::{Harness, ended, subject, try_process};

/// Some seconds of work: more than any test lets it have.
const LONG: i64 = 1_000_000_000;

/// Submits [`LONG`] and lets the worker begin. Returns the token of the submission.
async fn computing(system: &Harness, worker: &Worker) -> (AskToken, JoinHandle<Result<Outcome, WorkerError>>) {
    let ask = AskToken::random().expect("randomness");
    system.submit_for(LONG, Some(ask.clone())).await;
    let worker = worker.clone();
    let processing = tokio::spawn(async move { try_process(&worker, &Lane::ALL).await });
    system.until(LONG, Status::Running).await;
    (ask, processing)
}

#[tokio::test]
async fn a_withdrawn_computation_stops_before_its_end() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    let (ask, stepping) = computing(&system, &worker).await;
    assert!(matches!(system.withdraw(LONG, &ask).await, WithdrawResult::Cancelled(_)));
    let outcome = stepping.await.expect("no panic").expect("an outcome");
    assert_eq!(outcome, ended(LONG, OutcomeKind::Cancelled));
    assert_eq!(system.status(LONG).await, Status::Cancelled);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_submitted_again_right_after_its_cancellation_does_not_wait_for_a_lease() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("w");
    settings.lease = Duration::from_secs(30);
    let worker = system.worker_with(settings);
    let (ask, processing) = computing(&system, &worker).await;
    assert!(matches!(system.withdraw(LONG, &ask).await, WithdrawResult::Cancelled(_)));
    system.submit(LONG).await;
    let kind = processing.await.expect("no panic").expect("an outcome").kind;
    assert!(matches!(kind, OutcomeKind::LeaseLost | OutcomeKind::Cancelled), "{kind:?}");
    tokio::select! {
        outcome = system.process_one(&worker) => panic!("{outcome:?}"),
        _ = system.until(LONG, Status::Running) => {}
    }
}

/// The submission finds its subject in the queue, and the acknowledgement then removes it. No sweep runs here.
#[tokio::test]
async fn a_job_submitted_again_just_before_its_cancelled_one_is_acknowledged_is_claimed_at_once() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("w");
    settings.lease = Duration::from_secs(30);
    let worker = system.worker_with(settings);
    let (ask, processing) = computing(&system, &worker).await;
    let ack = system.queue.hold_next_ack();
    assert!(matches!(system.withdraw(LONG, &ask).await, WithdrawResult::Cancelled(_)));
    ack.wait().await;
    system.submit(LONG).await;
    ack.wait().await;
    assert_eq!(processing.await.expect("no panic").expect("an outcome"), ended(LONG, OutcomeKind::Cancelled));
    tokio::select! {
        outcome = system.process_one(&worker) => panic!("{outcome:?}"),
        _ = system.until(LONG, Status::Running) => {}
    }
}

#[tokio::test]
async fn a_value_that_comes_after_the_cancellation_does_not_undo_it() {
    let system = Harness::start().await;
    let n = 50_000_000;
    let mut settings = Harness::settings("never-renews");
    settings.lease = Duration::from_secs(60);
    settings.heartbeat = Duration::from_secs(60);
    let worker = system.worker_with(settings);
    let ask = AskToken::random().expect("randomness");
    system.submit_for(n, Some(ask.clone())).await;
    let processing = tokio::spawn(async move { try_process(&worker, &Lane::ALL).await });
    system.until(n, Status::Running).await;
    assert!(matches!(system.withdraw(n, &ask).await, WithdrawResult::Cancelled(_)));
    assert_eq!(processing.await.expect("no panic").expect("an outcome"), ended(n, OutcomeKind::Cancelled));
    assert_eq!(system.status(n).await, Status::Cancelled);
    assert_eq!(system.events_of(n).await.last().map(String::as_str), Some("cancelled"));
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_job_withdrawn_before_its_claim_is_not_begun() {
    let system = Harness::start().await;
    let ask = AskToken::random().expect("randomness");
    system.submit_for(LONG, Some(ask.clone())).await;
    system.withdraw(LONG, &ask).await;
    assert_eq!(system.process_one(&system.worker("w")).await, ended(LONG, OutcomeKind::Cancelled));
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_worker_that_shuts_down_releases_its_job_and_another_completes_it() {
    let system = Harness::start().await;
    let worker = system.worker("first");
    let n = 50_000_000;
    system.submit(n).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async { stopped.await.expect("a stop signal") }));
    system.until(n, Status::Running).await;
    stop.send(()).expect("still running");
    running.await.expect("no panic");
    let released = system.find(n).await;
    assert_eq!((released.status(), released.attempt), (Status::Queued, 0));

    assert_eq!(system.process_one(&system.worker("second")).await, ended(n, OutcomeKind::Completed));
    let mut events = system.events_of(n).await;
    events.retain(|event| event != "progress");
    assert_eq!(events, ["running", "queued", "running", "done"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_stopping_worker_claims_nothing() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.submit(10).await;
    worker.stop();
    assert_eq!(worker::process_one(&worker, &Lane::ALL, Duration::ZERO).await.expect("nothing fails"), None);
    assert_eq!(system.status(10).await, Status::Queued);
}

#[tokio::test]
async fn the_job_of_a_dead_worker_is_completed_by_another() {
    let system = Harness::start().await;
    let n = 50_000_000;
    system.submit(n).await;
    die_while_computing(&system, "dies", n).await;
    assert_eq!(system.status(n).await, Status::Running);
    let died_at = Instant::now();
    let outcome = loop {
        match system.process_one(&system.worker("lives")).await {
            // The queue may briefly be ahead of the store.
            Outcome { kind: OutcomeKind::LeasedElsewhere, .. } => {}
            outcome => break outcome,
        }
    };
    assert_eq!(outcome, ended(n, OutcomeKind::Completed));
    assert!(died_at.elapsed() < Duration::from_secs(10), "{:?}", died_at.elapsed());
    assert_eq!(system.find(n).await.attempt, 2);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn five_leases_lost_in_a_row_fail_a_calculation() {
    let system = Harness::start().await;
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
        match system.process_one(&worker).await {
            Outcome { kind: OutcomeKind::LeasedElsewhere, .. } => {}
            outcome => break outcome,
        }
    };
    assert_eq!(outcome, ended(LONG, OutcomeKind::Failed { reason: FailureReason::WorkersLost }));
    assert!(matches!(system.find(LONG).await.state, CalculationState::Failed { .. }));
    assert_eq!(system.events_of(LONG).await, ["failed"]);
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_redelivered_short_job_takes_a_lease() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("dies");
    settings.lease = Duration::from_millis(20);
    system.submit(10).await;
    let claimed = system.queue.claim(&settings.id, &Lane::ALL, settings.lease, Duration::ZERO).await;
    assert!(claimed.expect("in memory").is_some());
    assert_eq!(system.process_one(&system.worker("w")).await, ended(10, OutcomeKind::Completed));
    assert_eq!(system.events_of(10).await, ["running", "done"]);
}

#[tokio::test]
async fn a_lease_is_renewed_until_the_work_ends() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("slow");
    settings.lease = Duration::from_millis(600);
    let n = 150_000_000;
    system.submit(n).await;
    let slow = system.worker_with(settings);
    let stepping = tokio::spawn(async move { try_process(&slow, &Lane::ALL).await });
    system.until(n, Status::Running).await;
    let other = system.worker("other");
    while !stepping.is_finished() {
        let outcome = worker::process_one(&other, &Lane::ALL, Duration::from_millis(50)).await.expect("nothing fails");
        // On a starved machine the claim may be late to be extended; the lease decides.
        assert!(matches!(outcome, None | Some(Outcome { kind: OutcomeKind::LeasedElsewhere, .. })), "{outcome:?}");
    }
    assert_eq!(stepping.await.expect("no panic").expect("an outcome"), ended(n, OutcomeKind::Completed));
    assert_eq!(system.find(n).await.attempt, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_renewed_while_every_runtime_thread_is_blocked() {
    let system = Harness::start().await;
    let settings = Harness::settings("w");
    let lease = settings.lease;
    let (path, ports) = (system.store_path.clone(), system.ports());
    let worker = Worker::with_heartbeat_ports(ports.clone(), settings, move || Ports {
        store: open_elsewhere(&path, Handle::current()),
        ..ports.clone()
    });
    system.submit(LONG).await;
    let processing = tokio::spawn(async move { try_process(&worker, &Lane::ALL).await });
    // Its heartbeat has begun.
    while !system.events_of(LONG).await.contains(&"progress".to_owned()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (blocked, is_blocked) = std::sync::mpsc::channel();
    for _ in 0..2 {
        let blocked = blocked.clone();
        tokio::spawn(async move {
            blocked.send(()).expect("the test waits");
            std::thread::sleep(lease * 8);
        });
    }
    for _ in 0..2 {
        is_blocked.recv().expect("a blocked thread");
    }
    std::thread::sleep(lease * 3);
    let (path, now) = (system.store_path.clone(), model::Clock::now(&*system.clock));
    let taken = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let store = open_elsewhere(&path, runtime.handle().clone());
        runtime.block_on(store.lease(&subject(LONG), &WorkerId("other".to_owned()), lease, now))
    });
    let taken = taken.join().expect("no panic").expect("reachable");
    assert!(matches!(taken, LeaseResult::Held { .. }), "{taken:?}");
    processing.abort();
}

/// Opens the same database once more, on another runtime.
fn open_elsewhere(path: &Path, runtime: Handle) -> Arc<dyn Store> {
    let path = path.to_owned();
    let open = move || runtime.block_on(SqliteStore::open(&path, StoreLimits { max_queued: 100 }));
    Arc::new(std::thread::spawn(open).join().expect("no panic").expect("the database opens"))
}

#[tokio::test]
async fn a_job_leased_by_another_worker_is_left_to_it() {
    let system = Harness::start().await;
    system.submit(LONG).await;
    let holder = WorkerId("holder".to_owned());
    let now = model::Clock::now(&*system.clock);
    system.store.lease(&subject(LONG), &holder, Duration::from_secs(60), now).await.expect("reachable");
    assert_eq!(system.process_one(&system.worker("w")).await, ended(LONG, OutcomeKind::LeasedElsewhere));
    assert!(system.queue.contains(&subject(LONG)).await.expect("in memory"));
    assert_eq!(system.status(LONG).await, Status::Running);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stops_and_fails_nothing() {
    let system = Harness::start().await;
    let slow = system.worker("slow");
    let lease = Duration::from_secs(60);
    system.submit(LONG).await;
    let stepping = tokio::spawn(async move { try_process(&slow, &Lane::ALL).await });
    system.until(LONG, Status::Running).await;
    // No heartbeat gets through until another has the lease.
    system.store.set_unreachable(true);
    let other = WorkerId("other".to_owned());
    loop {
        let now = model::Clock::now(&*system.clock);
        match system.store.inner().lease(&subject(LONG), &other, lease, now).await.expect("reachable") {
            LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
            claiming => break assert!(matches!(claiming, LeaseResult::Leased(..)), "{claiming:?}"),
        }
    }
    system.store.set_unreachable(false);
    let outcome: Result<Outcome, WorkerError> = stepping.await.expect("no panic");
    assert_eq!(outcome.expect("an outcome"), ended(LONG, OutcomeKind::LeaseLost));
    assert_eq!(system.status(LONG).await, Status::Running);
}

#[tokio::test]
async fn a_value_computed_under_a_lost_lease_is_stored() {
    let system = Harness::start().await;
    let n = 50_000_000;
    let mut settings = Harness::settings("never-renews");
    settings.lease = Duration::from_millis(50);
    settings.heartbeat = Duration::from_secs(60);
    let worker = system.worker_with(settings);
    system.submit(n).await;
    let stepping = tokio::spawn(async move { try_process(&worker, &Lane::ALL).await });
    system.until(n, Status::Running).await;
    let other = WorkerId("other".to_owned());
    loop {
        let now = model::Clock::now(&*system.clock);
        match system.store.lease(&subject(n), &other, Duration::from_secs(60), now).await.expect("reachable") {
            LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
            claiming => break assert!(matches!(claiming, LeaseResult::Leased(..)), "{claiming:?}"),
        }
    }
    assert_eq!(stepping.await.expect("no panic").expect("an outcome"), ended(n, OutcomeKind::Completed));
    assert_eq!(system.status(n).await, Status::Done);
}

/// Drops a step in the middle of its computation: that is all the death of a process leaves behind.
async fn die_while_computing(system: &Harness, name: &str, n: i64) {
    let worker = system.worker(name);
    let step = try_process(&worker, &Lane::ALL);
    tokio::select! {
        outcome = step => panic!("finished before it died: {outcome:?}"),
        _ = system.until(n, Status::Running) => {}
    }
}
