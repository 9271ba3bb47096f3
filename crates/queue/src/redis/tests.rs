mod outage;
mod server;
mod versions;

use std::sync::Arc;

use tokio::time::{Instant, sleep, timeout};

use self::server::Server;
use super::*;
use crate::contract::{self, LONG_LEASE, SHORT_LEASE, SOON, claim, claim_now, job, worker};

/// A queue on a server of its own.
async fn queue() -> (Arc<RedisQueue>, Server) {
    let server = Server::start();
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
    assert!(!same.holds(&delivery.job.subject).await.unwrap());
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
    let waiting = claim::Claim {
        link: &queue.link,
        scripts: &queue.scripts,
        worker: &name,
        lanes: &lanes,
        lease: LONG_LEASE,
        max_short: 1,
    };
    let (mut connection, _) = queue.link.own("claim").await.unwrap();
    let first = waiting.wait(&mut connection, Duration::from_millis(1)).await.unwrap().expect("a job");
    assert_eq!(first.job, jobs[1]);
    for left in [&jobs[0], &jobs[2]] {
        let delivery = claim_now(&*queue, "b").await.expect("it is there");
        assert_eq!((&delivery.job, delivery.reclaimed), (left, false));
    }
}

#[tokio::test]
async fn a_claim_that_is_dropped_waits_no_longer_in_redis() {
    let (queue, server) = queue().await;
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.claim(&worker("a"), &Lane::ALL, LONG_LEASE, SOON).await }
    });
    until(|| server.ask::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    waiting.abort();
    until(|| server.ask::<String>(&["CLIENT", "LIST"]).lines().count() == 1).await;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    assert!(claim_now(&*queue, "b").await.is_some(), "nobody took it who is gone");
}

#[tokio::test]
async fn workers_that_hold_nothing_are_forgotten_by_the_groups() {
    let (queue, server) = queue().await;
    for n in [1, 2] {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    claim(&*queue, "holder", LONG_LEASE).await;
    let ended = claim(&*queue, "idle", LONG_LEASE).await;
    queue.ack(&ended).await.unwrap();
    let consumers = || server.ask::<String>(&["EVAL", CONSUMERS, "1", "test:{q}:stream:short"]);
    assert_eq!(consumers(), "holder idle");
    let mut tidy = queue.scripts.over_queue(&queue.scripts.tidy);
    tidy.arg(0);
    queue.link.run::<u32>("tidy", &tidy).await.unwrap();
    assert_eq!(consumers(), "holder");
}

const CONSUMERS: &str = "local names = {}
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], 'workers')) do names[#names + 1] = consumer[2] end
table.sort(names)
return table.concat(names, ' ')";

/// The line in the documentation at the top of `redis.rs` is what is tested.
#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = Server::start();
    let rights: String = include_str!("../redis.rs")
        .lines()
        .skip_while(|line| !line.contains("ACL SETUSER"))
        .take_while(|line| !line.contains("```"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let rights = rights.replace("<prefix>", "test");
    server.ask::<()>(&rights.split_whitespace().collect::<Vec<_>>());
    let client = redis::Client::open(format!("{}?user=abaci&pass=password", server.address())).unwrap();
    let queue = RedisQueue::new(client, "test");

    for n in 1..=4 {
        queue.enqueue(&job(n, Lane::Short)).await.unwrap();
    }
    let lost = claim(&queue, "a", SHORT_LEASE).await;
    let deliveries = [(); 3].map(|()| claim(&queue, "b", LONG_LEASE));
    let [nacked, handed_back, acked] = deliveries;
    let (nacked, handed_back, acked) = (nacked.await, handed_back.await, acked.await);
    assert!(queue.extend(&acked).await.unwrap());
    queue.nack(&nacked, Duration::from_millis(10)).await.unwrap();
    queue.hand_back(&handed_back).await.unwrap();
    queue.ack(&acked).await.unwrap();
    let mut subjects = std::collections::BTreeSet::new();
    while subjects.len() < 3 {
        subjects.insert(claim(&queue, "c", SHORT_LEASE).await.job.subject);
    }
    assert!(subjects.contains(&lost.job.subject));
    assert_eq!(claim_now(&queue, "d").await, None, "having waited");
    assert!(queue.holds(&lost.job.subject).await.unwrap());
    queue.depth().await.unwrap();
    queue.epoch().await.unwrap();
    let report = WorkerReport {
        id: worker("a"),
        version: "1".to_owned(),
        lanes: vec![],
        computing: vec![],
        finished: 0,
        seen_at: model::Timestamp::default(),
    };
    queue.report(&report).await.unwrap();
    assert_eq!(queue.workers().await.unwrap(), [report]);
    let other = client_of_another_prefix(&server);
    assert!(matches!(other.epoch().await, Err(QueueError::Unavailable(_))), "another prefix is not theirs");
}

fn client_of_another_prefix(server: &Server) -> RedisQueue {
    let client = redis::Client::open(format!("{}?user=abaci&pass=password", server.address())).unwrap();
    RedisQueue::new(client, "other")
}

/// Waits until something is so.
async fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < SOON, "it becomes so");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Does it again until it succeeds.
async fn until_ok<T>(mut call: impl AsyncFnMut() -> Result<T, QueueError>) -> T {
    let began = Instant::now();
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(began.elapsed() < SOON, "it heals: {error:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn durations_become_whole_milliseconds_and_never_less() {
    let cases = [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2), (250_000_000, 250)];
    for (nanos, ms) in cases {
        assert_eq!(milliseconds(Duration::from_nanos(nanos)), ms);
    }
    assert_eq!(milliseconds(Duration::MAX), 315_360_000_000);
}
