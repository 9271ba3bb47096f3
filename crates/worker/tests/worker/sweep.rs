//! The sweep, and a whole worker.

use std::time::Duration;

use model::{Job, Lane, Status, WorkerId};
use queue::JobQueue;
use worker::{Outcome, OutcomeKind, Sweep, SweepStats};

use crate::harness::{Harness, ended, long_index};

#[tokio::test]
async fn a_lost_queue_is_refilled() {
    let system = Harness::start().await;
    for n in 1..=600 {
        system.submit(n).await;
    }
    let worker = system.worker("w");
    system.process_one(&worker).await;
    let mut sweep = Sweep::new(worker.clone());
    assert_eq!(sweep.refill().await.expect("reachable"), Some(SweepStats { scanned: 599, enqueued: 0 }));
    assert_eq!(sweep.refill().await.expect("reachable"), None);

    system.queue.lose_everything();
    // Those already offered were asked for just now, but that spares them only in the regular sweep.
    assert_eq!(sweep.refill().await.expect("reachable"), Some(SweepStats { scanned: 599, enqueued: 599 }));
    for _ in 0..599 {
        assert!(matches!(system.process_one(&worker).await, Outcome { kind: OutcomeKind::Completed, .. }));
    }
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_refilled_queue_shares_long_work_between_those_who_submitted_it() {
    let system = Harness::start().await;
    let (one, other) = ("192.0.2.1", "192.0.2.2");
    for (n, submitter) in [(900_000_001, one), (900_000_002, one), (900_000_003, one), (900_000_004, other)] {
        system.accept_from(n, submitter.parse().ok(), None).await;
    }
    Sweep::new(system.worker("w")).refill().await.expect("reachable");
    let mut claimed = Vec::new();
    for _ in 0..2 {
        let (worker, lease) = (WorkerId("w".to_owned()), Duration::from_secs(60));
        let delivery = system.queue.claim(&worker, &[Lane::Long], lease, Duration::ZERO).await.expect("in memory");
        claimed.push(delivery.expect("it waits").job);
    }
    let indexes: Vec<i64> = claimed.iter().map(|job| job.subject.index().expect("an index").get()).collect();
    assert_eq!(indexes, [900_000_001, 900_000_004]);
    assert_eq!(claimed[0].work_ms, Job::work_ms(fibonacci::estimate(900_000_001).work));
}

#[tokio::test]
async fn the_regular_sweep_leaves_young_rows_alone() {
    let system = Harness::start().await;
    let worker = system.worker("w");
    system.accept(10, None).await;
    let mut sweep = Sweep::new(worker.clone());
    assert_eq!(sweep.scan_page().await.expect("reachable"), SweepStats::default());
    system.clock.advance(Duration::from_secs(3));
    assert_eq!(sweep.scan_page().await.expect("reachable"), SweepStats { scanned: 1, enqueued: 1 });
    assert_eq!(system.process_one(&worker).await, ended(10, OutcomeKind::Completed));
}

#[tokio::test]
async fn the_regular_sweep_reaches_every_page() {
    let system = Harness::start().await;
    for n in 1..=700 {
        system.accept(n, None).await;
    }
    system.clock.advance(Duration::from_secs(3));
    let mut sweep = Sweep::new(system.worker("w"));
    let mut offered = Vec::new();
    for _ in 0..3 {
        offered.push(sweep.scan_page().await.expect("reachable").scanned);
    }
    assert_eq!(offered, [500, 200, 500]);
    let depth = system.queue.depth().await.expect("in memory");
    assert_eq!(depth[0].waiting, 700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_worker_sweeps_computes_reports_and_stops() {
    let system = Harness::start().await;
    for n in [5, -6, 1_000_000, 30_000_000] {
        system.accept(n, None).await;
    }
    let worker = system.worker("w");
    assert!(!worker.is_consuming());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker.clone(), async { stopped.await.expect("a stop signal") }));
    for n in [5, -6, 1_000_000, 30_000_000] {
        system.until(n, Status::Done).await;
    }
    while !worker.is_consuming() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let reports = system.queue.workers().await.expect("in memory");
    assert_eq!(reports.iter().map(|report| report.id.0.as_str()).collect::<Vec<_>>(), ["w"]);
    stop.send(()).expect("still running");
    running.await.expect("no panic");
    system.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_queue_lost_under_a_running_worker_loses_no_job() {
    let system = Harness::start().await;
    let computing = 100_000_000;
    let mut settings = Harness::settings("w");
    settings.lease = Duration::from_secs(2);
    system.submit(computing).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(system.worker("w"), async { stopped.await.expect("a stop signal") }));
    system.until(computing, Status::Running).await;
    let waiting: Vec<i64> = (30_000_000..30_000_003).collect();
    for n in &waiting {
        system.submit(*n).await;
    }
    system.queue.lose_everything();
    for n in waiting.iter().chain([&computing]) {
        let done = system.until(*n, Status::Done).await;
        assert_eq!(done.attempt, 1, "F({n})");
    }
    stop.send(()).expect("still running");
    running.await.expect("no panic");
}

#[tokio::test]
async fn a_large_index_never_delays_a_small_one() {
    let system = Harness::start().await;
    let mut settings = Harness::settings("one-core");
    settings.threads = 1;
    let worker = system.worker_with(settings);
    let long = long_index();
    for n in [long, long + 1, long + 2] {
        assert_eq!(system.submit(n).await, Lane::Long);
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async { stopped.await.expect("a stop signal") }));
    system.until(long, Status::Running).await;
    for n in [1000, 30_000_000] {
        system.submit(n).await;
        system.until(n, Status::Done).await;
    }
    assert_eq!(system.status(long).await, Status::Running);
    assert_eq!(system.status(long + 1).await, Status::Queued);
    stop.send(()).expect("still running");
    running.await.expect("no panic");
}
