//! Leases: who holds a delivery, and for how long.

use std::sync::Arc;
use std::time::Duration;

use model::{Job, Lane};
use tokio::time::Instant;

use super::{LONG_LEASE, ROUNDING, SHORT_LEASE, SOON, claim, claim_now, job, worker};
use crate::{Delivery, JobQueue, LaneDepth};

pub(crate) async fn a_job_is_redelivered_after_its_lease(queue: Arc<dyn JobQueue>) {
    // Far above the quarter of a second in which a backend may look for lost jobs.
    let lease = SHORT_LEASE * 3;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let began = Instant::now();
    let lost = claim(&*queue, "a", lease).await;

    let again = claim(&*queue, "b", lease).await;
    assert!(began.elapsed() + ROUNDING >= lease, "it came after {:?}", began.elapsed());
    assert_eq!(again.job, Job { attempt: 2, ..lost.job });
    assert_eq!(again.worker, worker("b"));
    assert!(again.reclaimed);

    let again = claim(&*queue, "c", lease).await;
    assert_eq!(again.job.attempt, 3);
    assert!(began.elapsed() + ROUNDING >= lease * 3, "a loss doubles the lease, {:?}", began.elapsed());
    queue.ack(&again).await.unwrap();
    assert!(!queue.contains(&again.job.subject).await.unwrap());
}

/// Compares with when it was last kept, so that a pause of the whole machine does not fail it.
pub(crate) async fn extending_keeps_a_delivery(queue: Arc<dyn JobQueue>) {
    let lease = SHORT_LEASE * 2;
    queue.enqueue(&job(1, Lane::Medium)).await.unwrap();
    let mut last_kept = Instant::now();
    let delivery = claim(&*queue, "a", lease).await;
    let other = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { (claim(&*queue, "b", lease).await, Instant::now()) }
    });
    for _ in 0..10 {
        tokio::time::sleep(lease / 6).await;
        let began = Instant::now();
        if queue.extend(&delivery).await.unwrap() {
            last_kept = began;
        }
    }
    let (taken, at) = tokio::time::timeout(SOON, other).await.expect("it comes once nobody extends").unwrap();
    assert!(at + ROUNDING >= last_kept + lease, "it came {:?} after it was kept", at - last_kept);
    // Extending is no delivery: only the one that came to "b" counts.
    assert_eq!(taken.job, Job { attempt: 2, ..delivery.job.clone() });
    assert!(!queue.extend(&delivery).await.unwrap());
}

async fn reclaimed_by(queue: &dyn JobQueue, first: &str, holder: &str) -> (Delivery, Delivery) {
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let stale = claim(queue, first, SHORT_LEASE).await;
    // Both ask for the same lease, as all workers of a system do; a backend may measure by the taker's.
    let held = claim(queue, holder, SHORT_LEASE).await;
    assert!(held.reclaimed);
    (stale, held)
}

async fn changes_nothing(queue: &dyn JobQueue, stale: &Delivery, held: &Delivery) {
    assert!(!queue.extend(stale).await.unwrap());
    queue.ack(stale).await.unwrap();
    queue.nack(stale, Duration::ZERO).await.unwrap();
    queue.release(stale).await.unwrap();
    assert!(queue.contains(&held.job.subject).await.unwrap());
    assert_eq!(claim_now(queue, "c").await, None, "the job is not back in the lane");
    assert!(queue.extend(held).await.unwrap(), "the holder still has it");
    let depths = queue.depth().await.unwrap();
    assert_eq!(depths.map(|depth| (depth.waiting, depth.claimed)), [(0, 1), (0, 0), (0, 0)]);
    queue.ack(held).await.unwrap();
    assert!(!queue.contains(&held.job.subject).await.unwrap());
    assert_eq!(queue.depth().await.unwrap(), [LaneDepth::default(); 3]);
}

pub(crate) async fn a_stale_delivery_changes_nothing_of_the_current_one(queue: Arc<dyn JobQueue>) {
    let (stale, held) = reclaimed_by(&*queue, "a", "b").await;
    changes_nothing(&*queue, &stale, &held).await;
}

pub(crate) async fn a_worker_that_reclaims_its_own_job_has_a_new_delivery(queue: Arc<dyn JobQueue>) {
    let (stale, held) = reclaimed_by(&*queue, "a", "a").await;
    assert_ne!(stale.receipt, held.receipt);
    changes_nothing(&*queue, &stale, &held).await;
}

pub(crate) async fn an_invented_receipt_is_stale(queue: Arc<dyn JobQueue>) {
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = claim(&*queue, "a", LONG_LEASE).await;
    for receipt in ["", "0", "-1", "nonsense", "99999999999999999999", "1-1", "1-1:1", "short:1-1:1"] {
        let invented = Delivery { receipt: receipt.to_owned(), ..delivery.clone() };
        assert!(!queue.extend(&invented).await.unwrap(), "{receipt:?}");
        queue.ack(&invented).await.unwrap();
        queue.nack(&invented, Duration::ZERO).await.unwrap();
        queue.release(&invented).await.unwrap();
    }
    assert!(queue.extend(&delivery).await.unwrap());
    assert_eq!(claim_now(&*queue, "b").await, None);
}
