mod outage;
mod versions;

use std::sync::Arc;

use redis_link::{RedisTestServer, until, until_ok};
use tokio::time::{Instant, timeout};

use super::*;
use crate::contract::{self, LONG_LEASE, SHORT_LEASE, SOON, claim, claim_now, job, worker};

/// A queue on a server of its own.
async fn queue() -> (Arc<RedisQueue>, RedisTestServer) {
    let server = RedisTestServer::start();
    (Arc::new(RedisQueue::new(server.client(), "test")), server)
}

mod in_real_time {
    crate::contract::keeps_the_contract!(super::queue, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_on_several_threads_get_each_job_once() {
    let (queue, _server) = queue().await;
    contract::concurrent_claimers_get_each_job_once(queue).await;
}

#[tokio::test]
async fn processes_of_one_prefix_share_a_queue_and_those_of_another_do_not() {
    let (queue, server) = queue().await;
    let same = RedisQueue::new(server.client(), "test");
    let other = RedisQueue::new(server.client(), "other");
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    assert_eq!(same.epoch().await.unwrap(), queue.epoch().await.unwrap());
    assert_ne!(other.epoch().await.unwrap(), queue.epoch().await.unwrap());
    assert_eq!(claim_now(&other, "a").await, None);
    let delivery = claim_now(&same, "a").await.expect("the job");
    queue.ack(&delivery).await.unwrap();
    assert!(!same.contains(&delivery.job.subject).await.unwrap());
}

/// Between a look and the waiting, every lane may get a job, and Redis then gives one of each.
#[tokio::test]
async fn jobs_of_several_lanes_are_not_kept_by_one_claim() {
    let (queue, _server) = queue().await;
    let jobs = [job(1, Lane::Medium), job(2, Lane::Short), job(3, Lane::Long)];
    for job in &jobs {
        queue.enqueue(job).await.unwrap();
    }
    let (name, lanes) = (worker("a"), [Lane::Short, Lane::Medium, Lane::Long]);
    let request = ClaimRequest {
        link: &queue.link,
        scripts: &queue.scripts,
        worker: &name,
        lanes: &lanes,
        lease: LONG_LEASE,
        max_short: 1,
    };
    let waiting = queue.link.call_exclusive(async |redis| request.wait(redis, Duration::from_millis(1)).await);
    let first = waiting.await.unwrap().expect("a job");
    assert_eq!(first.job, jobs[1]);
    for left in [&jobs[0], &jobs[2]] {
        let delivery = claim_now(&*queue, "b").await.expect("it is there");
        assert_eq!((&delivery.job, delivery.reclaimed), (left, false));
    }
}

#[tokio::test]
async fn a_dropped_claim_stops_waiting_in_redis() {
    let (queue, server) = queue().await;
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    waiting.abort();
    until(|| server.run::<String>(&["CLIENT", "LIST"]).lines().count() == 1).await;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    assert!(claim_now(&*queue, "b").await.is_some(), "the dropped claim took the job");
}

#[tokio::test]
async fn idle_workers_without_jobs_are_removed_from_the_groups() {
    let (queue, server) = queue().await;
    for n in [1, 2] {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    claim(&*queue, "holder", LONG_LEASE).await;
    let ended = claim(&*queue, "idle", LONG_LEASE).await;
    queue.ack(&ended).await.unwrap();
    let consumers = || server.run::<String>(&["EVAL", CONSUMERS, "1", "test:{q}:stream:short"]);
    assert_eq!(consumers(), "holder idle");
    let mut script = queue.scripts.over_queue(&queue.scripts.remove_idle_workers);
    script.arg(0);
    queue.link.run::<u32>("delete_groups", &script).await.unwrap();
    assert_eq!(consumers(), "holder");
}

const CONSUMERS: &str = "local names = {}
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], 'workers')) do names[#names + 1] = consumer[2] end
table.sort(names)
return table.concat(names, ' ')";

/// Uses the rights that the documentation at the top of `redis.rs` lists.
#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = RedisTestServer::start();
    let client = server.client_with_documented_rights(include_str!("../redis.rs"));
    let queue = RedisQueue::new(client, "test");

    for n in 1..=4 {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    let lost = claim(&queue, "a", SHORT_LEASE).await;
    let deliveries = [(); 3].map(|()| claim(&queue, "b", LONG_LEASE));
    let [nacked, released, acked] = deliveries;
    let (nacked, released, acked) = (nacked.await, released.await, acked.await);
    assert!(queue.extend(&acked).await.unwrap());
    queue.nack(&nacked, Duration::from_millis(10)).await.unwrap();
    queue.release(&released).await.unwrap();
    queue.ack(&acked).await.unwrap();
    let mut subjects = std::collections::BTreeSet::new();
    while subjects.len() < 3 {
        subjects.insert(claim(&queue, "c", SHORT_LEASE).await.job.subject);
    }
    assert!(subjects.contains(&lost.job.subject));
    assert_eq!(claim_now(&queue, "d").await, None, "having waited");
    assert!(queue.contains(&lost.job.subject).await.unwrap());
    queue.depth().await.unwrap();
    queue.epoch().await.unwrap();
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
    assert_eq!(queue.workers().await.unwrap(), [report]);
    let other = client_of_another_prefix(&server);
    assert!(matches!(other.epoch().await, Err(QueueError::Unavailable(_))), "expected another prefix to be forbidden");
}

fn client_of_another_prefix(server: &RedisTestServer) -> RedisQueue {
    let client = redis::Client::open(format!("{}?user=abaci&pass=password", server.address())).unwrap();
    RedisQueue::new(client, "other")
}

#[test]
fn durations_become_whole_milliseconds_and_never_less() {
    let cases = [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2), (250_000_000, 250)];
    for (nanos, ms) in cases {
        assert_eq!(milliseconds(Duration::from_nanos(nanos)), ms);
    }
    assert_eq!(milliseconds(Duration::MAX), 315_360_000_000);
}

/// Addresses are kept no longer than they matter.
#[tokio::test]
async fn no_submitter_is_kept_when_no_long_job_is_left() {
    let (queue, server) = queue().await;
    let submitters = ["192.0.2.1", "192.0.2.1", "192.0.2.2"];
    for (n, submitter) in (1..).zip(submitters) {
        queue.enqueue(&Job { submitter: submitter.parse().ok(), ..job(n, Lane::Long) }).await.unwrap();
    }
    for _ in submitters {
        assert!(server.run::<u32>(&["EXISTS", "test:{q}:finish"]) == 1);
        let delivery = claim_now(&*queue, "a").await.expect("it waits");
        queue.ack(&delivery).await.unwrap();
    }
    assert_eq!(server.run::<Vec<String>>(&["KEYS", "test:{q}:finish"]), [""; 0]);
}
