//! Enqueuing and claiming.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::Lane;
use tokio::time::{Instant, timeout};

use super::{LONG_LEASE, ROUNDING, SHORT_LEASE, SOON, claim, claim_now, job, worker};
use crate::{Enqueued, JobQueue};

pub(crate) async fn a_job_is_delivered_as_it_was_enqueued(queue: Arc<dyn JobQueue>) {
    for (n, lane) in [(10, Lane::Short), (-20, Lane::Medium), (i64::MAX, Lane::Long)] {
        let mut sent = job(n, lane);
        sent.attempt = 4;
        assert_eq!(queue.enqueue(&sent).await.unwrap(), Enqueued::Added);
        let delivery = claim(&*queue, "a", LONG_LEASE).await;
        assert_eq!(delivery.job, sent);
        assert_eq!(delivery.worker, worker("a"));
        assert!(!delivery.reclaimed);
    }
}

pub(crate) async fn a_subject_is_in_the_queue_once(queue: Arc<dyn JobQueue>) {
    let first = job(10, Lane::Short);
    assert!(!queue.contains(&first.subject).await.unwrap());
    assert_eq!(queue.enqueue(&first).await.unwrap(), Enqueued::Added);
    assert_eq!(queue.enqueue(&first).await.unwrap(), Enqueued::AlreadyQueued);
    // Only the subject is compared.
    assert_eq!(queue.enqueue(&job(10, Lane::Long)).await.unwrap(), Enqueued::AlreadyQueued);
    assert!(queue.contains(&first.subject).await.unwrap());

    let delivery = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(delivery.job, first);
    assert_eq!(queue.enqueue(&first).await.unwrap(), Enqueued::AlreadyQueued, "claimed is in the queue too");
    assert_eq!(claim_now(&*queue, "b").await, None);

    queue.nack(&delivery, LONG_LEASE).await.unwrap();
    assert_eq!(queue.enqueue(&first).await.unwrap(), Enqueued::AlreadyQueued, "delayed is in the queue too");
    assert!(queue.contains(&first.subject).await.unwrap());
    assert_eq!(claim_now(&*queue, "b").await, None);
}

pub(crate) async fn a_batch_is_enqueued_in_order_and_each_subject_once(queue: Arc<dyn JobQueue>) {
    assert_eq!(queue.enqueue_batch(&[]).await.unwrap(), []);
    queue.enqueue(&job(3, Lane::Medium)).await.unwrap();
    // More than any backend adds in one call.
    let jobs: Vec<_> = (1..=1_200).chain([1]).map(|n| job(n, Lane::Medium)).collect();
    let enqueued = queue.enqueue_batch(&jobs).await.unwrap();
    let refused: Vec<_> = (0..).zip(&enqueued).filter(|(_, result)| **result == Enqueued::AlreadyQueued).collect();
    assert_eq!(refused.into_iter().map(|(position, _)| position).collect::<Vec<_>>(), [2, 1_200]);
    assert_eq!(claim_now(&*queue, "a").await.unwrap().job.subject, jobs[2].subject);
    for n in [1, 2, 4] {
        assert_eq!(claim_now(&*queue, "a").await.unwrap().job, jobs[n - 1]);
    }
    assert_eq!(queue.depth().await.unwrap()[1].waiting, 1_200 - 4);
}

pub(crate) async fn an_acked_subject_may_be_enqueued_again(queue: Arc<dyn JobQueue>) {
    let sent = job(10, Lane::Short);
    for _ in 0..3 {
        assert_eq!(queue.enqueue(&sent).await.unwrap(), Enqueued::Added);
        let delivery = claim(&*queue, "a", LONG_LEASE).await;
        assert_eq!(delivery.job, sent);
        queue.ack(&delivery).await.unwrap();
        assert!(!queue.contains(&sent.subject).await.unwrap());
        assert_eq!(claim_now(&*queue, "a").await, None);
    }
}

pub(crate) async fn a_batch_of_acks_ends_all_jobs_but_those_of_stale_deliveries(queue: Arc<dyn JobQueue>) {
    queue.ack_batch(&[]).await.unwrap();
    let jobs: Vec<_> = (1..=40).map(|n| job(n, Lane::Short)).chain([job(50, Lane::Medium)]).collect();
    queue.enqueue_batch(&jobs).await.unwrap();
    let claim = async |max_short| {
        let lanes = [Lane::Short, Lane::Medium];
        queue.claim_batch(&worker("a"), &lanes, LONG_LEASE, Duration::ZERO, max_short).await.unwrap()
    };
    // The worker holds more entries than it acknowledges, and one of them has been redelivered.
    let (mut first, others, medium) = (claim(30).await, claim(30).await, claim(30).await);
    queue.release(&first[7]).await.unwrap();
    let again = claim(30).await;
    assert_eq!((first.len(), others.len(), again.len(), medium.len()), (30, 10, 1, 1));
    let ended: Vec<_> = first.iter().filter(|delivery| delivery.job != again[0].job).cloned().collect();
    first.extend(medium.clone());
    queue.ack_batch(&first).await.unwrap();
    for delivery in ended.iter().chain(&medium) {
        assert!(!queue.contains(&delivery.job.subject).await.unwrap(), "{delivery:?}");
    }
    for delivery in others.iter().chain(&again) {
        assert!(queue.contains(&delivery.job.subject).await.unwrap(), "{delivery:?}");
    }
    queue.ack_batch(&[others, again].concat()).await.unwrap();
    assert!(queue.depth().await.unwrap().iter().all(|lane| (lane.waiting, lane.claimed) == (0, 0)));
}

/// Wakes far below `wait`, so the end of waiting does not find the job.
pub(crate) async fn a_waiting_claim_wakes_at_once(queue: Arc<dyn JobQueue>) {
    for (n, lane) in (1..).zip(Lane::ALL) {
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON * 3).await }
        });
        // It may not be waiting yet; that must make no difference.
        tokio::time::sleep(Duration::from_millis(30)).await;
        queue.enqueue(&job(n, lane)).await.unwrap();
        let claimed = timeout(SOON, waiting).await.expect("the claim wakes").unwrap().unwrap();
        assert_eq!(claimed.expect("the job").job.subject, job(n, lane).subject);
    }
}

pub(crate) async fn a_claim_that_does_not_wait_returns_nothing(queue: Arc<dyn JobQueue>) {
    assert_eq!(timeout(SOON, claim_now(&*queue, "a")).await.expect("it does not wait"), None);
    let wait = Duration::from_millis(60);
    let began = Instant::now();
    assert_eq!(queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, wait).await.unwrap(), None);
    assert!(began.elapsed() + ROUNDING >= wait, "it returned after {:?}", began.elapsed());
}

pub(crate) async fn short_jobs_are_claimed_in_batches_and_others_one_by_one(queue: Arc<dyn JobQueue>) {
    let take = |lanes: &'static [Lane], max_short| {
        let queue = Arc::clone(&queue);
        async move { queue.claim_batch(&worker("a"), lanes, LONG_LEASE, Duration::ZERO, max_short).await.unwrap() }
    };
    for n in 1..=5 {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
        queue.enqueue(&job(-n, Lane::Medium)).await.unwrap();
    }
    let mut taken = take(&[Lane::Short, Lane::Medium], 3).await;
    assert_eq!(taken.len(), 3);
    taken.extend(take(&[Lane::Short, Lane::Medium], 0).await);
    assert_eq!(taken.len(), 4, "at least one");
    taken.extend(take(&[Lane::Short, Lane::Medium], 10).await);
    assert_eq!(taken.len(), 5);
    let mut subjects: Vec<_> =
        taken.iter().map(|delivery| delivery.job.subject.index().expect("an index").get()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, [1, 2, 3, 4, 5]);
    for left in (0..5).rev() {
        let medium = take(&[Lane::Medium, Lane::Short], 10).await;
        assert_eq!(medium.len(), 1);
        assert_eq!(medium[0].job.lane, Lane::Medium);
        assert_eq!(queue.depth().await.unwrap()[1].waiting, left);
    }
    for delivery in &taken {
        queue.ack(delivery).await.unwrap();
    }
    assert_eq!(queue.depth().await.unwrap()[0].claimed, 0);
}

pub(crate) async fn the_first_lane_is_preferred(queue: Arc<dyn JobQueue>) {
    let enqueue = async |lanes: [Lane; 6]| {
        for (n, lane) in (1..).zip(lanes) {
            queue.enqueue(&job(n, lane)).await.unwrap();
        }
    };
    let sent = [Lane::Long, Lane::Medium, Lane::Short, Lane::Long, Lane::Short, Lane::Medium];
    let orders = [[Lane::Short, Lane::Medium, Lane::Long], [Lane::Medium, Lane::Long, Lane::Short]];
    for order in orders {
        enqueue(sent).await;
        let mut lanes = Vec::new();
        while let Some(delivery) = queue.claim(&worker("a"), &order, LONG_LEASE, Duration::ZERO).await.unwrap() {
            queue.ack(&delivery).await.unwrap();
            lanes.push(delivery.job.lane);
        }
        assert_eq!(lanes, [order[0], order[0], order[1], order[1], order[2], order[2]]);
    }
}

pub(crate) async fn other_lanes_are_left_alone(queue: Arc<dyn JobQueue>) {
    queue.enqueue(&job(1, Lane::Long)).await.unwrap();
    let wait = Duration::from_millis(50);
    let lanes = [Lane::Short, Lane::Medium];
    assert_eq!(queue.claim(&worker("a"), &lanes, LONG_LEASE, wait).await.unwrap(), None);
    assert_eq!(queue.claim(&worker("a"), &[], LONG_LEASE, wait).await.unwrap(), None);
    assert_eq!(claim(&*queue, "a", LONG_LEASE).await.job.lane, Lane::Long);
}

pub(crate) async fn jobs_of_one_lane_are_delivered_in_order(queue: Arc<dyn JobQueue>) {
    for n in 1..=5 {
        queue.enqueue(&job(n, Lane::Medium)).await.unwrap();
    }
    for n in 1..=5 {
        assert_eq!(claim(&*queue, "a", LONG_LEASE).await.job.subject, job(n, Lane::Medium).subject);
    }
}

pub(crate) async fn a_nacked_job_is_redelivered_later_as_another_attempt(queue: Arc<dyn JobQueue>) {
    let delay = Duration::from_millis(200);
    queue.enqueue(&job(1, Lane::Medium)).await.unwrap();
    let mut delivery = claim(&*queue, "a", LONG_LEASE).await;
    for attempt in 2..=3 {
        let began = Instant::now();
        queue.nack(&delivery, delay).await.unwrap();
        let again = claim(&*queue, "b", LONG_LEASE).await;
        assert!(began.elapsed() + ROUNDING >= delay, "it was redelivered after {:?}", began.elapsed());
        assert_eq!(again.job, model::Job { attempt, ..delivery.job.clone() });
        assert!(!again.reclaimed, "it was nacked");
        assert!(!queue.extend(&delivery).await.unwrap(), "the old delivery is over");
        delivery = again;
    }
}

pub(crate) async fn a_job_nacked_without_delay_is_redelivered_at_once(queue: Arc<dyn JobQueue>) {
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = claim(&*queue, "a", LONG_LEASE).await;
    queue.nack(&delivery, Duration::ZERO).await.unwrap();
    assert_eq!(claim_now(&*queue, "b").await.expect("it is there").job.attempt, 2);
}

pub(crate) async fn a_released_job_is_redelivered_as_if_it_had_never_been_claimed(queue: Arc<dyn JobQueue>) {
    queue.enqueue(&job(1, Lane::Long)).await.unwrap();
    let mut delivery = claim(&*queue, "a", LONG_LEASE).await;
    for _ in 0..7 {
        queue.release(&delivery).await.unwrap();
        assert!(!queue.extend(&delivery).await.unwrap(), "the old delivery is over");
        let again = claim_now(&*queue, "b").await.expect("it is there at once");
        assert_eq!(again.job, delivery.job);
        assert!(!again.reclaimed);
        delivery = again;
    }
}

pub(crate) async fn concurrent_claimers_get_each_job_once(queue: Arc<dyn JobQueue>) {
    const JOBS: i64 = 1_000;
    const CLAIMERS: i64 = 8;
    let claimers: Vec<_> = (0..CLAIMERS).map(|name| tokio::spawn(claim_until_negative(queue.clone(), name))).collect();
    for n in 1..=JOBS {
        let lane = if n % 2 == 0 { Lane::Medium } else { Lane::Short };
        assert_eq!(queue.enqueue(&job(n, lane)).await.unwrap(), Enqueued::Added);
    }
    // In the lane that all of them claim from last.
    for n in 1..=CLAIMERS {
        queue.enqueue(&job(-n, Lane::Long)).await.unwrap();
    }

    let mut times: HashMap<i64, u32> = HashMap::new();
    for claimer in claimers {
        let taken = timeout(SOON, claimer).await.expect("every claimer ends").unwrap();
        taken.into_iter().for_each(|n| *times.entry(n).or_default() += 1);
    }
    assert_eq!(times.len(), usize::try_from(JOBS).unwrap());
    assert!(times.values().all(|&times| times == 1), "{times:?}");
}

async fn claim_until_negative(queue: Arc<dyn JobQueue>, name: i64) -> Vec<i64> {
    let mut taken = Vec::new();
    loop {
        let delivery = claim(&*queue, &format!("w{name}"), LONG_LEASE).await;
        let n = delivery.job.subject.index().expect("an index").get();
        if n < 0 {
            return taken;
        }
        queue.ack(&delivery).await.unwrap();
        taken.push(n);
    }
}

pub(crate) async fn a_claim_dropped_while_waiting_loses_no_job(queue: Arc<dyn JobQueue>) {
    const JOBS: i64 = 40;
    let enqueuing = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move {
            for n in 1..=JOBS {
                queue.enqueue(&job(n, Lane::Short)).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    let (name, began) = (worker("a"), Instant::now());
    // Claims dropped after a few milliseconds, while jobs arrive.
    while !enqueuing.is_finished() && began.elapsed() < SOON {
        let short_claim = queue.claim(&name, &Lane::ALL, SHORT_LEASE, SOON);
        if let Ok(claimed) = timeout(Duration::from_millis(3), short_claim).await {
            let delivery = claimed.unwrap().expect("a job");
            queue.ack(&delivery).await.unwrap();
            seen.insert(delivery.job.subject);
        }
    }
    enqueuing.await.unwrap();
    while seen.len() < usize::try_from(JOBS).unwrap() {
        let delivery = claim(&*queue, "b", SHORT_LEASE).await;
        queue.ack(&delivery).await.unwrap();
        seen.insert(delivery.job.subject);
    }
}
