//! Depth, epoch and worker reports.

use std::sync::Arc;
use std::time::Duration;

use model::{Lane, Subject, Timestamp, WorkerId, WorkerReport};
use tokio::time::{Instant, sleep};

use super::{LONG_LEASE, ROUNDING, SOON, claim, job, worker};
use crate::{JobQueue, LaneDepth};

pub(crate) async fn depth_counts_waiting_and_claimed_jobs(queue: Arc<dyn JobQueue>) {
    assert_eq!(queue.depth().await.unwrap(), [LaneDepth::default(); 3]);
    for n in 1..=3 {
        queue.enqueue(&job(n, Lane::Medium)).await.unwrap();
    }
    queue.enqueue(&job(4, Lane::Long)).await.unwrap();
    assert_eq!(counts(&*queue).await, [(0, 0), (3, 0), (1, 0)]);

    let first = claim(&*queue, "a", LONG_LEASE).await;
    let second = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(counts(&*queue).await, [(0, 0), (1, 2), (1, 0)]);

    queue.nack(&first, LONG_LEASE).await.unwrap();
    assert_eq!(counts(&*queue).await, [(0, 0), (2, 1), (1, 0)], "delayed is waiting");
    queue.ack(&second).await.unwrap();
    assert_eq!(counts(&*queue).await, [(0, 0), (2, 0), (1, 0)]);
    let third = claim(&*queue, "a", LONG_LEASE).await;
    queue.release(&third).await.unwrap();
    assert_eq!(counts(&*queue).await, [(0, 0), (2, 0), (1, 0)]);
}

async fn counts(queue: &dyn JobQueue) -> [(u64, u64); 3] {
    queue.depth().await.unwrap().map(|depth| (depth.waiting, depth.claimed))
}

pub(crate) async fn depth_reports_the_age_of_the_oldest_waiting_job(queue: Arc<dyn JobQueue>) {
    let before = Instant::now();
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let after = Instant::now();
    sleep(Duration::from_millis(40)).await;
    queue.enqueue(&job(2, Lane::Short)).await.unwrap();

    let (least, [short, medium, _]) = (after.elapsed(), queue.depth().await.unwrap());
    let (age, most) = (short.oldest_age.expect("one waits"), before.elapsed());
    assert!(least <= age + ROUNDING && age <= most + ROUNDING, "{least:?} to {most:?}, but {age:?}");
    assert_eq!(medium.oldest_age, None);

    claim(&*queue, "a", LONG_LEASE).await;
    let [short, ..] = queue.depth().await.unwrap();
    let younger = short.oldest_age.expect("the second waits");
    assert!(younger <= after.elapsed().saturating_sub(Duration::from_millis(40)) + ROUNDING, "{younger:?}");
    claim(&*queue, "a", LONG_LEASE).await;
    let [short, ..] = queue.depth().await.unwrap();
    assert_eq!(short.oldest_age, None, "claimed jobs are not waiting");
}

pub(crate) async fn the_epoch_stays_while_no_job_is_lost(queue: Arc<dyn JobQueue>) {
    let epoch = queue.epoch().await.unwrap();
    assert!(epoch.len() >= 8 && epoch.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{epoch:?}");
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = claim(&*queue, "a", LONG_LEASE).await;
    queue.ack(&delivery).await.unwrap();
    assert_eq!(queue.epoch().await.unwrap(), epoch);
}

pub(crate) async fn workers_are_listed_by_their_latest_report(queue: Arc<dyn JobQueue>) {
    assert_eq!(queue.workers().await.unwrap(), []);
    let report = |name: &str, finished| WorkerReport {
        id: worker(name),
        version: "1.2.3".to_owned(),
        lanes: vec![Lane::Short, Lane::Long],
        computing: vec![Subject::from(model::Index::new(1_000_000))],
        finished,
        memory_bytes: None,
        seen_at: Timestamp::from_unix_ms(1_763_941_827_123),
    };
    queue.report(&report("b", 1)).await.unwrap();
    queue.report(&report("a", 2)).await.unwrap();
    queue.report(&report("b", 3)).await.unwrap();
    assert_eq!(queue.workers().await.unwrap(), [report("a", 2), report("b", 3)]);

    // Only "a" keeps reporting, so only the report of "b" expires.
    let began = Instant::now();
    let mut finished = 3;
    while names(&*queue).await != [worker("a")] {
        assert!(began.elapsed() < SOON, "the report of b expires");
        sleep(Duration::from_millis(200)).await;
        queue.report(&report("a", finished)).await.unwrap();
        finished += 1;
    }
    assert!(began.elapsed() > Duration::from_secs(2), "it expired after {:?}", began.elapsed());
}

async fn names(queue: &dyn JobQueue) -> Vec<WorkerId> {
    queue.workers().await.unwrap().into_iter().map(|report| report.id).collect()
}
