//! Redis flushed, killed, hanging, unreachable.

use std::net::TcpListener;

use super::*;

/// The latest moment at which a call must have failed.
const FAILS_WITHIN: Duration = Duration::from_secs(2);

async fn is_unavailable<T: std::fmt::Debug>(call: impl Future<Output = Result<T, QueueError>>) {
    let began = Instant::now();
    let outcome = call.await;
    assert!(matches!(outcome, Err(QueueError::Unavailable(_))), "{outcome:?}");
    assert!(began.elapsed() < FAILS_WITHIN, "it failed after {:?}", began.elapsed());
}

async fn all_is_unavailable(queue: &RedisQueue) {
    let sent = job(1, Lane::Short);
    let delivery = Delivery { job: sent.clone(), receipt: "1-1:1".to_owned(), worker: worker("a"), reclaimed: false };
    let name = worker("a");
    tokio::join!(
        is_unavailable(queue.enqueue(&sent)),
        is_unavailable(queue.claim(&name, &Lane::ALL, LONG_LEASE, SOON)),
        is_unavailable(queue.extend(&delivery)),
        is_unavailable(queue.ack(&delivery)),
        is_unavailable(queue.nack(&delivery, Duration::ZERO)),
        is_unavailable(queue.release(&delivery)),
        is_unavailable(queue.contains(&sent.subject)),
        is_unavailable(queue.epoch()),
        is_unavailable(queue.depth()),
        is_unavailable(queue.workers()),
    );
}

async fn works(queue: &RedisQueue, n: i64) {
    let sent = job(n, Lane::Short);
    assert_eq!(until_ok(async || queue.enqueue(&sent).await).await, Enqueued::Added);
    // A call that failed during an outage may have succeeded in Redis; its job comes first and is acked.
    let delivery = loop {
        let claimed = until_ok(async || queue.claim(&worker("z"), &Lane::ALL, LONG_LEASE, SOON).await).await;
        match claimed.expect("the job comes") {
            delivery if delivery.job == sent => break delivery,
            other => queue.ack(&other).await.unwrap(),
        }
    };
    assert!(queue.extend(&delivery).await.unwrap());
    queue.ack(&delivery).await.unwrap();
    assert!(!queue.contains(&sent.subject).await.unwrap());
}

#[tokio::test]
async fn a_flush_loses_every_job_and_changes_the_epoch() {
    let (queue, server) = queue().await;
    for n in 1..=3 {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    let epoch = queue.epoch().await.unwrap();
    let held = claim(&*queue, "a", LONG_LEASE).await;
    let delayed = claim(&*queue, "a", LONG_LEASE).await;
    queue.nack(&delayed, Duration::from_millis(1)).await.unwrap();

    server.run::<()>(&["FLUSHALL"]);
    assert!(!queue.extend(&held).await.unwrap());
    queue.ack(&held).await.unwrap();
    queue.nack(&held, Duration::ZERO).await.unwrap();
    for n in 1..=3 {
        assert!(!queue.contains(&job(n, Lane::Short).subject).await.unwrap());
    }
    assert_ne!(queue.epoch().await.unwrap(), epoch);
    assert_eq!(queue.depth().await.unwrap(), [LaneDepth::default(); 3]);
    assert_eq!(claim_now(&*queue, "b").await, None);
    // The same job is enqueued again, and the old delivery stays stale.
    assert_eq!(queue.enqueue(&held.job).await.unwrap(), Enqueued::Added);
    let again = claim(&*queue, "a", LONG_LEASE).await;
    queue.ack(&held).await.unwrap();
    assert!(queue.extend(&again).await.unwrap());
}

#[tokio::test]
async fn a_claim_waiting_during_a_flush_gets_the_next_job() {
    let (queue, server) = queue().await;
    for n in 1..=3 {
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { claim(&*queue, "a", LONG_LEASE).await }
        });
        until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
        server.run::<()>(&["FLUSHALL"]);
        queue.enqueue(&job(n, Lane::Medium)).await.unwrap();
        let delivery = timeout(SOON, waiting).await.expect("it wakes").unwrap();
        assert_eq!(delivery.job.subject, job(n, Lane::Medium).subject);
        queue.ack(&delivery).await.unwrap();
    }
}

#[tokio::test]
async fn lost_keys_never_leave_a_subject_that_is_not_delivered() {
    let (queue, server) = queue().await;
    for round in 0..20 {
        for n in 1..=10 {
            queue.enqueue(&job(n, Lane::Short)).await.unwrap();
        }
        claim(&*queue, "a", LONG_LEASE).await;
        if round % 2 == 0 {
            server.run::<()>(&["FLUSHALL"]);
        } else {
            let keys = ["epoch", "stream:short", "stream:medium", "stream:long"];
            server.run::<u32>(&["DEL", &format!("test:{{q}}:{}", keys[round / 2 % keys.len()])]);
        }
        for n in 1..=10 {
            assert_eq!(queue.enqueue(&job(n, Lane::Short)).await.unwrap(), Enqueued::Added, "in round {round}");
        }
        let mut left = 10;
        while let Some(delivery) = claim_now(&*queue, "b").await {
            queue.ack(&delivery).await.unwrap();
            left -= 1;
        }
        assert_eq!(left, 0, "in round {round}");
    }
    server.run::<u32>(&["XGROUP", "DESTROY", "test:{q}:stream:short", "workers"]);
    works(&queue, 1).await;
}

/// A queue with a waiting, a claimed and a delayed job.
async fn queue_with_jobs() -> (Arc<RedisQueue>, RedisTestServer) {
    let (queue, server) = queue().await;
    for n in 1..=3 {
        queue.enqueue(&job(n, Lane::Medium)).await.unwrap();
    }
    let delayed = claim(&*queue, "a", LONG_LEASE).await;
    queue.nack(&delayed, LONG_LEASE).await.unwrap();
    claim(&*queue, "a", LONG_LEASE).await;
    (queue, server)
}

#[tokio::test]
async fn lost_entries_change_the_epoch_and_can_be_enqueued_again() {
    let lost: [&[&str]; 4] = [
        &["DEL", "test:{q}:delayed"],
        &["XTRIM", "test:{q}:stream:medium", "MAXLEN", "1"],
        &["XTRIM", "test:{q}:stream:medium", "MAXLEN", "0"],
        &["ZREMRANGEBYRANK", "test:{q}:delayed", "0", "0"],
    ];
    for command in lost {
        let (queue, server) = queue_with_jobs().await;
        let epoch = queue.epoch().await.unwrap();
        assert_eq!(queue.epoch().await.unwrap(), epoch, "nothing is lost yet");
        server.run::<u32>(command);
        assert_ne!(queue.epoch().await.unwrap(), epoch, "{command:?}");
        let mut subjects = std::collections::BTreeSet::new();
        for n in 1..=3 {
            assert_eq!(queue.enqueue(&job(n, Lane::Medium)).await.unwrap(), Enqueued::Added, "{command:?}");
            subjects.insert(claim(&*queue, "b", LONG_LEASE).await.job.subject);
        }
        assert_eq!(subjects.len(), 3, "{command:?}");
    }
}

#[tokio::test]
async fn long_jobs_lost_while_they_wait_change_the_epoch_and_can_be_enqueued_again() {
    let lost: [&[&str]; 4] = [
        &["DEL", "test:{q}:waiting"],
        &["DEL", "test:{q}:since"],
        &["ZREMRANGEBYRANK", "test:{q}:waiting", "0", "0"],
        &["XTRIM", "test:{q}:stream:long", "MAXLEN", "0"],
    ];
    for command in lost {
        let (queue, server) = queue().await;
        for n in 1..=3 {
            queue.enqueue(&job(n, Lane::Long)).await.unwrap();
        }
        let epoch = queue.epoch().await.unwrap();
        assert_eq!(queue.epoch().await.unwrap(), epoch, "nothing is lost yet");
        server.run::<u32>(command);
        assert_ne!(queue.epoch().await.unwrap(), epoch, "{command:?}");
        for n in 1..=3 {
            assert_eq!(queue.enqueue(&job(n, Lane::Long)).await.unwrap(), Enqueued::Added, "{command:?}");
        }
        for n in 1..=3 {
            assert_eq!(claim(&*queue, "b", LONG_LEASE).await.job.subject, job(n, Lane::Long).subject, "{command:?}");
        }
    }
}

/// Without the shares all begin again, and nothing is lost. Both sets lost together are found by the sweep of the rows.
#[tokio::test]
async fn lost_shares_and_lost_waiting_jobs_do_not_block_others() {
    let (queue, server) = queue().await;
    for n in 1..=3 {
        queue.enqueue(&job(n, Lane::Long)).await.unwrap();
    }
    server.run::<u32>(&["DEL", "test:{q}:finish"]);
    for n in 1..=2 {
        let delivery = claim(&*queue, "a", LONG_LEASE).await;
        assert_eq!(delivery.job.subject, job(n, Lane::Long).subject);
        queue.ack(&delivery).await.unwrap();
    }
    queue.enqueue(&job(4, Lane::Long)).await.unwrap();
    server.run::<u32>(&["DEL", "test:{q}:waiting", "test:{q}:since"]);
    for n in [3, 4] {
        let sent = job(n, Lane::Long);
        if !queue.contains(&sent.subject).await.unwrap() {
            assert_eq!(queue.enqueue(&sent).await.unwrap(), Enqueued::Added);
        }
    }
    let mut subjects = std::collections::BTreeSet::new();
    while subjects.len() < 2 {
        let delivery = claim(&*queue, "a", LONG_LEASE).await;
        queue.ack(&delivery).await.unwrap();
        subjects.insert(delivery.job.subject);
    }
    assert_eq!(claim_now(&*queue, "a").await, None);
}

#[tokio::test]
async fn without_the_set_of_subjects_every_job_is_still_delivered() {
    let (queue, server) = queue_with_jobs().await;
    server.run::<u32>(&["DEL", "test:{q}:queued"]);
    queue.epoch().await.unwrap();
    for n in 1..=3 {
        assert_eq!(queue.enqueue(&job(n, Lane::Medium)).await.unwrap(), Enqueued::Added);
    }
    let mut subjects = std::collections::BTreeSet::new();
    while subjects.len() < 3 {
        let delivery = claim(&*queue, "b", LONG_LEASE).await;
        queue.ack(&delivery).await.unwrap();
        subjects.insert(delivery.job.subject);
    }
}

#[tokio::test]
async fn a_killed_server_is_unavailable_until_an_empty_one_replaces_it() {
    let (queue, mut server) = queue().await;
    let epoch = queue.epoch().await.unwrap();
    queue.enqueue(&job(1, Lane::Long)).await.unwrap();
    assert!(claim_now(&*queue, "a").await.is_some());
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;

    server.kill();
    is_unavailable(async { waiting.await.unwrap() }).await;
    all_is_unavailable(&queue).await;

    server.restart();
    works(&queue, 1).await;
    assert_ne!(queue.epoch().await.unwrap(), epoch);
}

#[tokio::test]
async fn a_claim_without_redis_does_not_return_at_once() {
    let (queue, mut server) = queue().await;
    server.kill();
    let began = Instant::now();
    for _ in 0..3 {
        assert!(queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON).await.is_err());
    }
    assert!(began.elapsed() >= Duration::from_millis(700), "three tries took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_hanging_server_is_unavailable_until_it_continues() {
    let (queue, server) = queue().await;
    works(&queue, 1).await;
    server.run::<()>(&["CLIENT", "PAUSE", "2500"]);
    all_is_unavailable(&queue).await;
    until_ok(async || queue.epoch().await).await;
    works(&queue, 2_000).await;
}

#[tokio::test]
async fn a_peer_that_accepts_and_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://{}", silent.local_addr().unwrap());
    all_is_unavailable(&RedisQueue::new(redis::Client::open(address).unwrap(), "test")).await;
}

#[tokio::test]
async fn a_closed_port_is_unavailable() {
    let address = format!("redis://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    all_is_unavailable(&RedisQueue::new(redis::Client::open(address).unwrap(), "test")).await;
}

#[tokio::test]
async fn a_server_that_is_read_only_for_a_while_is_unavailable_meanwhile() {
    let (queue, server) = queue().await;
    works(&queue, 1).await;
    let elsewhere = ["REPLICAOF", "127.0.0.1", "1"];
    server.run::<()>(&elsewhere);
    is_unavailable(queue.enqueue(&job(2, Lane::Short))).await;
    is_unavailable(queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON)).await;
    server.run::<()>(&["REPLICAOF", "NO", "ONE"]);
    works(&queue, 2).await;
}

#[tokio::test]
async fn after_an_outage_workers_get_one_lease_of_time_to_extend() {
    let (queue, server) = queue().await;
    let lease = Duration::from_millis(1_500);
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let held = claim(&*queue, "a", lease).await;
    // Longer than the lease: nobody can extend.
    server.run::<()>(&["CLIENT", "PAUSE", "3000"]);
    is_unavailable(queue.extend(&held)).await;
    is_unavailable(queue.claim(&worker("b"), &Lane::ALL, lease, SOON)).await;

    let failed = Instant::now();
    let again = until_ok(async || queue.claim(&worker("b"), &Lane::ALL, lease, SOON).await).await;
    assert!(again.expect("the job is redelivered").reclaimed);
    // A lease, less the pause at the end of a failing claim and some margin.
    assert!(failed.elapsed() >= lease / 2, "it came {:?} after the outage", failed.elapsed());
}
