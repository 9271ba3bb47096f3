use std::sync::Arc;

use super::*;
use crate::contract::{self, LONG_LEASE, claim, claim_now, job, worker};

async fn queue() -> MemoryQueue {
    MemoryQueue::new(10_000)
}

mod in_still_time {
    use std::sync::Arc;

    async fn queue() -> (Arc<super::MemoryQueue>, ()) {
        (Arc::new(super::queue().await), ())
    }

    crate::contract::keeps_the_contract!(queue, [start_paused = true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_on_several_threads_get_each_job_once() {
    contract::concurrent_claimers_get_each_job_once(Arc::new(queue().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claims_dropped_on_several_threads_lose_no_job() {
    contract::a_claim_dropped_while_waiting_loses_no_job(Arc::new(queue().await)).await;
}

#[tokio::test]
async fn a_full_queue_accepts_nothing_until_a_job_is_acked() {
    let queue = MemoryQueue::new(2);
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    queue.enqueue(&job(2, Lane::Long)).await.unwrap();
    assert_eq!(queue.enqueue(&job(2, Lane::Long)).await.unwrap(), Enqueued::AlreadyQueued);
    assert!(matches!(queue.enqueue(&job(3, Lane::Short)).await, Err(QueueError::Unavailable(_))));
    assert!(!queue.contains(&job(3, Lane::Short).subject).await.unwrap());

    let delivery = claim(&queue, "a", LONG_LEASE).await;
    assert!(queue.enqueue(&job(3, Lane::Short)).await.is_err(), "claimed ones count");
    queue.ack(&delivery).await.unwrap();
    assert_eq!(queue.enqueue(&job(3, Lane::Short)).await.unwrap(), Enqueued::Added);
}

#[tokio::test(start_paused = true)]
async fn a_lease_ends_to_the_millisecond() {
    let queue = queue().await;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let lease = Duration::from_secs(2);
    let began = Instant::now();
    let delivery = claim(&queue, "a", lease).await;

    tokio::time::advance(Duration::from_millis(1_500)).await;
    assert!(queue.extend(&delivery).await.unwrap());
    claim(&queue, "b", lease).await;
    assert_eq!(began.elapsed().as_millis(), 3_500);
    claim(&queue, "c", lease).await;
    assert_eq!(began.elapsed().as_millis(), 3_500 + 4_000, "a loss doubles the lease");
}

#[tokio::test(start_paused = true)]
async fn a_delay_ends_to_the_millisecond() {
    let queue = queue().await;
    for n in [1, 2] {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    let began = Instant::now();
    let first = claim(&queue, "a", LONG_LEASE).await;
    let second = claim(&queue, "a", LONG_LEASE).await;
    queue.nack(&first, Duration::from_millis(700)).await.unwrap();
    queue.nack(&second, Duration::from_millis(300)).await.unwrap();
    assert_eq!(claim(&queue, "b", LONG_LEASE).await.job.subject, second.job.subject);
    assert_eq!(began.elapsed().as_millis(), 300);
    assert_eq!(claim(&queue, "b", LONG_LEASE).await.job.subject, first.job.subject);
    assert_eq!(began.elapsed().as_millis(), 700);
}

#[tokio::test(start_paused = true)]
async fn a_worker_report_expires_after_five_seconds() {
    let queue = queue().await;
    let report = WorkerReport {
        id: worker("a"),
        version: "1".to_owned(),
        lanes: vec![],
        computing: vec![],
        finished: 0,
        memory_bytes: None,
        seen_at: model::Timestamp::default(),
    };
    queue.report(&report).await.unwrap();
    tokio::time::advance(Duration::from_millis(4_999)).await;
    assert_eq!(queue.workers().await.unwrap(), [report]);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(queue.workers().await.unwrap(), []);
}

#[tokio::test]
async fn no_duration_is_too_long() {
    let queue = queue().await;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = queue.claim(&worker("a"), &Lane::ALL, Duration::MAX, Duration::MAX).await.unwrap().unwrap();
    assert!(queue.extend(&delivery).await.unwrap());
    queue.nack(&delivery, Duration::MAX).await.unwrap();
    assert_eq!(claim_now(&queue, "a").await, None);
}

#[tokio::test]
async fn a_released_job_precedes_later_jobs() {
    let queue = queue().await;
    for n in [1, 2] {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    let first = claim(&queue, "a", LONG_LEASE).await;
    queue.release(&first).await.unwrap();
    assert_eq!(claim(&queue, "b", LONG_LEASE).await.job, first.job);
}

#[tokio::test]
async fn every_queue_has_an_epoch_of_its_own() {
    assert_ne!(queue().await.epoch().await.unwrap(), queue().await.epoch().await.unwrap());
}
