//! Rolling deploys: jobs of a newer version, and jobs of an unknown kind.

use super::*;

const NEWER: &str = r#"{"v":4,"subject":{"kind":"F","n":"7"},"lane":"short"}"#;

async fn add(server: &RedisTestServer, queue: &RedisQueue, payload: &str) {
    queue.epoch().await.unwrap();
    server.run::<String>(&["XADD", "test:{q}:stream:short", "*", "job", payload]);
}

/// Takes a job as a worker of another version does.
async fn take(queue: &RedisQueue, known_version: u32) -> Option<(u32, String)> {
    let mut script = queue.scripts.over_queue(&queue.scripts.take);
    script.arg("0").arg("newer").arg("60000").arg(known_version).arg(1).arg(1).arg("short");
    let taken: Option<claim::TakenEntries> = queue.link.run("take", &script).await.unwrap();
    taken.and_then(|(_, mut entries)| entries.pop()).map(|(_, deliveries, payload)| (deliveries, payload))
}

async fn is_left_for_a_newer_worker(queue: &RedisQueue) {
    let [short, ..] = queue.depth().await.unwrap();
    assert_eq!((short.waiting, short.claimed), (1, 0), "it waits");
    let (deliveries, payload) = take(queue, 4).await.expect("it is there at once");
    assert_eq!((deliveries, payload.as_str()), (1, NEWER), "as if it had never been delivered");
    assert_eq!(take(queue, 4).await, None);
}

#[tokio::test]
async fn a_newer_job_does_not_block_others_and_is_left_to_a_newer_worker() {
    let (queue, server) = queue().await;
    add(&server, &queue, NEWER).await;
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = claim_now(&*queue, "a").await.expect("the one behind it");
    assert_eq!(delivery.job.subject, job(1, Lane::Short).subject);
    queue.ack(&delivery).await.unwrap();

    // Several times its lease.
    let wait = SHORT_LEASE * 6;
    assert_eq!(queue.claim(&worker("b"), &Lane::ALL, SHORT_LEASE, wait).await.unwrap(), None);
    is_left_for_a_newer_worker(&queue).await;
}

#[tokio::test]
async fn a_newer_job_that_wakes_a_waiting_claim_is_left_too() {
    let (queue, server) = queue().await;
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { claim(&*queue, "a", LONG_LEASE).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    add(&server, &queue, NEWER).await;
    queue.enqueue(&job(1, Lane::Long)).await.unwrap();
    assert_eq!(waiting.await.unwrap().job.lane, Lane::Long);
    is_left_for_a_newer_worker(&queue).await;
}

#[tokio::test]
async fn an_entry_that_is_not_a_job_is_left_alone() {
    let (queue, server) = queue().await;
    queue.epoch().await.unwrap();
    let stream = "test:{q}:stream:short";
    server.run::<String>(&["XADD", stream, "*", "something", "else"]);
    for payload in ["", "no json", "[1,2]", r#"{"v":"1"}"#, r#"{"v":1}"#, r#"{"v":1,"subject":"X(7)"}"#] {
        server.run::<String>(&["XADD", stream, "*", "job", payload]);
    }
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    let delivery = timeout(SOON, claim(&*queue, "a", SHORT_LEASE)).await.unwrap();
    assert_eq!(delivery.job.subject, job(1, Lane::Short).subject);
    queue.ack(&delivery).await.unwrap();
    assert_eq!(queue.claim(&worker("a"), &Lane::ALL, SHORT_LEASE, SHORT_LEASE * 4).await.unwrap(), None);
    assert_eq!(server.run::<u32>(&["XLEN", stream]), 7, "none was deleted");
    let commands = |server: &RedisTestServer| {
        let info: String = server.run(&["INFO", "commandstats"]);
        let xclaim = info.lines().find(|line| line.starts_with("cmdstat_xclaim:")).unwrap_or("calls=0,").to_owned();
        xclaim.split(['=', ',']).nth(1).and_then(|calls| calls.parse::<u32>().ok()).unwrap()
    };
    // Each is delivered once per lease, and leases double: a few times at most.
    assert!(commands(&server) < 7 * 6, "{} times", commands(&server));
}

#[tokio::test]
async fn a_delayed_job_of_an_unknown_lane_is_left_alone() {
    let (queue, server) = queue().await;
    queue.epoch().await.unwrap();
    server.run::<u32>(&["ZADD", "test:{q}:delayed", "1", "endless {}", "1", "", "1", "short"]);
    queue.enqueue(&job(1, Lane::Short)).await.unwrap();
    assert!(claim_now(&*queue, "a").await.is_some());
    assert_eq!(server.run::<u32>(&["ZCARD", "test:{q}:delayed"]), 3);
    assert_eq!(queue.depth().await.unwrap().map(|depth| depth.waiting), [0, 0, 0]);
}

/// A process of an earlier version knows neither the waiting long jobs nor the shares.
#[tokio::test]
async fn long_jobs_of_an_earlier_version_come_first_and_none_comes_twice() {
    let (queue, server) = queue().await;
    let sent: Vec<_> = (1..=4).map(|n| job(n, Lane::Long)).collect();
    for job in &sent[..3] {
        queue.enqueue(job).await.unwrap();
    }
    // Its sweep does not find F(3) in the set.
    for job in &sent[2..] {
        assert_eq!(server.run::<u32>(&["SADD", "test:{q}:queued", &job.subject.to_string()]), 1);
        server.run::<String>(&["XADD", "test:{q}:stream:long", "*", "job", &payload::encode(job).unwrap()]);
    }
    for job in [&sent[0], &sent[2], &sent[3], &sent[1]] {
        let delivery = claim_now(&*queue, "a").await.expect("it waits");
        assert_eq!(delivery.job, *job);
    }
    assert_eq!(claim_now(&*queue, "a").await, None);
    let [.., long] = queue.depth().await.unwrap();
    assert_eq!((long.waiting, long.claimed), (0, 4));
}

#[tokio::test]
async fn a_waiting_long_job_of_a_newer_version_is_left_to_newer_workers() {
    let (queue, server) = queue().await;
    queue.enqueue(&job(1, Lane::Long)).await.unwrap();
    server.run::<u32>(&["ZADD", "test:{q}:waiting", "5", &format!("F(7) {NEWER}")]);
    server.run::<u32>(&["ZADD", "test:{q}:since", "5", "F(7)"]);
    queue.enqueue(&job(2, Lane::Long)).await.unwrap();
    for n in [1, 2] {
        assert_eq!(claim_now(&*queue, "a").await.expect("it waits").job.subject, job(n, Lane::Long).subject);
    }
    assert_eq!(claim_now(&*queue, "a").await, None);
    let [.., long] = queue.depth().await.unwrap();
    assert_eq!((long.waiting, long.claimed), (1, 2));
}
