//! The long lane is shared between submitters, and what waits is listed.

use std::sync::Arc;
use std::time::Duration;

use model::{Job, Lane, Subject};

use super::{LONG_LEASE, SHORT_LEASE, claim, claim_now, job};
use crate::{Enqueued, JobQueue};

/// The submitter of F(n) in these tests is n / 10,000.
fn long_job(n: i64, work_ms: u64) -> Job {
    let submitter = format!("192.0.2.{}", n / 10_000).parse().expect("an address");
    Job { submitter: Some(submitter), work_ms, ..job(n, Lane::Long) }
}

fn one(n: i64) -> i64 {
    10_000 + n
}

fn other(n: i64) -> i64 {
    20_000 + n
}

/// Claims the next job, ends it, and returns its index.
async fn next(queue: &dyn JobQueue) -> Option<i64> {
    let delivery = claim_now(queue, "a").await?;
    queue.ack(&delivery).await.unwrap();
    Some(delivery.job.subject.index().expect("an index").get())
}

pub(crate) async fn long_work_of_two_submitters_alternates(queue: Arc<dyn JobQueue>) {
    let ones: Vec<Job> = (1..=12).map(|n| long_job(one(n), 1_000)).collect();
    let others: Vec<Job> = (1..=4).map(|n| long_job(other(n), 3_000)).collect();
    queue.enqueue_batch(&ones).await.unwrap();
    queue.enqueue_batch(&others).await.unwrap();
    let (mut of_one, mut of_other) = (0, 0);
    while let Some(n) = next(&*queue).await {
        if n < other(0) {
            of_one += 1;
            assert_eq!(n, one(of_one), "of one submitter, the first submitted comes first");
        } else {
            of_other += 1;
            assert_eq!(n, other(of_other), "of one submitter, the first submitted comes first");
        }
        let difference: i64 = of_one - 3 * of_other;
        assert!((-3..=3).contains(&difference), "{of_one} jobs of one second, {of_other} of three");
    }
    assert_eq!((of_one, of_other), (12, 4));
}

pub(crate) async fn many_long_jobs_of_one_submitter_do_not_delay_the_first_of_another(queue: Arc<dyn JobQueue>) {
    let jobs: Vec<Job> = (1..=1_000).map(|n| long_job(one(n), 5_000)).collect();
    queue.enqueue_batch(&jobs).await.unwrap();
    assert_eq!(next(&*queue).await, Some(one(1)));
    queue.enqueue(&long_job(other(1), 60_000)).await.unwrap();
    assert_eq!(next(&*queue).await, Some(other(1)));
    for n in 2..=500 {
        assert_eq!(next(&*queue).await, Some(one(n)));
    }
    // A third one begins with its share of now, not with that of the time before.
    queue.enqueue_batch(&[long_job(30_001, 5_000), long_job(30_002, 5_000), long_job(30_003, 5_000)]).await.unwrap();
    let mut early = [next(&*queue).await, next(&*queue).await, next(&*queue).await];
    early.sort_unstable();
    assert_eq!(early, [Some(one(501)), Some(30_001), Some(30_002)]);
    assert_eq!(queue.depth().await.unwrap()[2].waiting, 500);
}

pub(crate) async fn a_submitter_that_was_alone_owes_nothing(queue: Arc<dyn JobQueue>) {
    for n in 1..=20 {
        queue.enqueue(&long_job(one(n), 5_000)).await.unwrap();
        assert_eq!(next(&*queue).await, Some(one(n)));
    }
    let held = [long_job(one(21), 5_000), long_job(one(22), 5_000), long_job(one(23), 5_000)];
    for job in &held {
        queue.enqueue(job).await.unwrap();
    }
    assert_eq!(claim_now(&*queue, "a").await.expect("it waits").job, held[0]);
    let jobs: Vec<Job> = (1..=5).map(|n| long_job(other(n), 5_000)).collect();
    queue.enqueue_batch(&jobs).await.unwrap();
    let mut first = [next(&*queue).await, next(&*queue).await, next(&*queue).await];
    first.sort_unstable();
    assert_eq!(first, [Some(one(22)), Some(other(1)), Some(other(2))]);
}

pub(crate) async fn long_jobs_of_one_submitter_are_delivered_in_order(queue: Arc<dyn JobQueue>) {
    // The order of their texts is another.
    for n in [9, 10, 1, 100, 2] {
        queue.enqueue(&job(n, Lane::Long)).await.unwrap();
    }
    for n in [9, 10, 1, 100, 2] {
        assert_eq!(next(&*queue).await, Some(n));
    }
    assert_eq!(next(&*queue).await, None);
}

pub(crate) async fn a_long_job_of_a_dead_worker_comes_before_those_that_wait(queue: Arc<dyn JobQueue>) {
    for n in 1..=3 {
        queue.enqueue(&long_job(one(n), 1_000)).await.unwrap();
    }
    let lost = claim(&*queue, "a", SHORT_LEASE).await;
    tokio::time::sleep(SHORT_LEASE * 2).await;
    let again = claim(&*queue, "b", SHORT_LEASE).await;
    assert!(again.reclaimed);
    assert_eq!(again.job, Job { attempt: 2, ..lost.job });
    queue.ack(&again).await.unwrap();
    assert_eq!((next(&*queue).await, next(&*queue).await, next(&*queue).await), (Some(one(2)), Some(one(3)), None));
}

pub(crate) async fn a_long_job_that_is_given_back_comes_next(queue: Arc<dyn JobQueue>) {
    for n in 1..=3 {
        queue.enqueue(&long_job(one(n), 1_000)).await.unwrap();
    }
    let first = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(first.job.subject.index().expect("an index").get(), one(1));
    queue.release(&first).await.unwrap();
    let sent = first.job;
    let released = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(released.job, sent);
    queue.nack(&released, Duration::ZERO).await.unwrap();
    let nacked = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(nacked.job, Job { attempt: 2, ..sent.clone() });
    queue.nack(&nacked, Duration::from_millis(20)).await.unwrap();
    assert_eq!(next(&*queue).await, Some(one(2)), "the first is delayed");
    tokio::time::sleep(Duration::from_millis(60)).await;
    let delayed = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(delayed.job, Job { attempt: 3, ..sent });
    queue.ack(&delayed).await.unwrap();
    assert_eq!((next(&*queue).await, next(&*queue).await), (Some(one(3)), None));
}

pub(crate) async fn a_waiting_long_job_is_in_the_queue_once(queue: Arc<dyn JobQueue>) {
    for n in 1..=3 {
        assert_eq!(queue.enqueue(&long_job(one(n), 1_000)).await.unwrap(), Enqueued::Added);
    }
    for n in 1..=3 {
        assert!(queue.contains(&long_job(one(n), 1_000).subject).await.unwrap());
        assert_eq!(queue.enqueue(&long_job(one(n), 1_000)).await.unwrap(), Enqueued::AlreadyQueued);
        assert_eq!(queue.enqueue(&job(one(n), Lane::Short)).await.unwrap(), Enqueued::AlreadyQueued);
    }
    let epoch = queue.epoch().await.unwrap();
    assert_eq!(queue.depth().await.unwrap().map(|depth| (depth.waiting, depth.claimed)), [(0, 0), (0, 0), (3, 0)]);
    let held = claim(&*queue, "a", LONG_LEASE).await;
    assert_eq!(queue.enqueue(&held.job).await.unwrap(), Enqueued::AlreadyQueued);
    assert_eq!((next(&*queue).await, next(&*queue).await, next(&*queue).await), (Some(one(2)), Some(one(3)), None));
    queue.ack(&held).await.unwrap();
    assert_eq!(queue.epoch().await.unwrap(), epoch);
    assert_eq!(queue.enqueue(&long_job(one(3), 1_000)).await.unwrap(), Enqueued::Added, "it has ended");
}

pub(crate) async fn waiting_jobs_are_listed_in_the_order_of_their_delivery(queue: Arc<dyn JobQueue>) {
    assert_eq!(queue.waiting(10).await.unwrap(), <[Vec<Subject>; 3]>::default());
    for n in 1..=4 {
        queue.enqueue(&long_job(one(n), 1_000)).await.unwrap();
        queue.enqueue(&long_job(other(n), 2_000)).await.unwrap();
        queue.enqueue(&job(10 - n, Lane::Medium)).await.unwrap();
        queue.enqueue(&job(5 - n, Lane::Short)).await.unwrap();
    }
    let listed = async |max: usize| -> [Vec<i64>; 3] {
        let index = |subject: &Subject| subject.index().expect("an index").get();
        queue.waiting(max).await.unwrap().map(|subjects| subjects.iter().map(index).collect())
    };
    let [short, medium, long] = listed(100).await;
    assert_eq!((&short[..], &medium[..], long.len()), (&[4, 3, 2, 1][..], &[9, 8, 7, 6][..], 8));
    for max in 0..=8 {
        assert_eq!(listed(max).await, [&short[..max.min(4)], &medium[..max.min(4)], &long[..max]]);
    }
    for n in short.iter().chain(&medium) {
        assert_eq!(next(&*queue).await, Some(*n));
    }
    let claimed = claim(&*queue, "a", LONG_LEASE).await;
    let left = [vec![], vec![], long[1..].to_vec()];
    assert_eq!(listed(100).await, left, "a claimed job does not wait");
    queue.nack(&claimed, LONG_LEASE).await.unwrap();
    assert_eq!(listed(100).await, left, "nor does a delayed one");
    for n in &long[1..] {
        assert_eq!(next(&*queue).await, Some(*n));
    }
    assert_eq!(listed(100).await, <[Vec<i64>; 3]>::default());
}
