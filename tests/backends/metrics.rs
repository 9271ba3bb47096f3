//! What the processes tell Prometheus.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::patience::eventually;
use crate::role::Role;
use crate::system::System;

/// What counts trouble alone begins with the first of it.
const OF_TROUBLE: [&str; 7] = [
    "abaci_cache_unavailable_total",
    "abaci_queue_unavailable_total",
    "abaci_store_errors_total",
    "abaci_store_objects_lost_total",
    "abaci_worker_leases_lost_total",
    "abaci_worker_task_panics_total",
    "abaci_worker_swept_total",
];

/// Work of seconds, so that a worker can be killed at it.
const LONG: i64 = 900_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn depth_and_age_by_lane_attempts_reclaims_and_latencies_are_told_by_the_documented_names() {
    let mut system = System::start();
    let api = system.role("api", &[]);
    eventually("it is ready", async || api.is_ready().await.then_some(())).await;
    for n in 1..=5 {
        assert_eq!(api.submit(n).await.0, StatusCode::ACCEPTED);
    }
    assert_eq!(api.submit(LONG).await.0, StatusCode::ACCEPTED);
    let waiting = async |lane: &str| figure(&api, &format!("abaci_queue_waiting{{lane=\"{lane}\"}}")).await;
    eventually("what waits is told", async || {
        (waiting("short").await == 5.0 && waiting("long").await == 1.0).then_some(())
    })
    .await;
    assert_eq!(waiting("medium").await, 0.0);
    eventually("its age is told", async || {
        (figure(&api, "abaci_queue_oldest_seconds{lane=\"long\"}").await > 0.5).then_some(())
    })
    .await;

    let killed = system.role("worker", &[]);
    eventually("it computes", async || (figure(&api, "abaci_queue_claimed{lane=\"long\"}").await == 1.0).then_some(()))
        .await;
    eventually("it has a lease", async || (api.calculation(LONG).await["status"] == "running").then_some(())).await;
    for n in 1..=5 {
        api.value(n).await;
    }
    drop(killed);
    let worker = system.role("worker", &[]);
    eventually("another has taken over", async || {
        (figure(&worker, "abaci_queue_claimed_total{lane=\"long\",reclaimed=\"true\"}").await == 1.0).then_some(())
    })
    .await;
    for n in 6..=9 {
        api.value(n).await;
    }
    assert_eq!(figure(&api, "abaci_api_accepted_total{lane=\"short\"}").await, 9.0);
    assert_eq!(figure(&worker, "abaci_worker_jobs_total{outcome=\"completed\",lane=\"short\"}").await, 4.0);
    assert!(figure(&worker, "abaci_worker_queue_wait_seconds_count{lane=\"short\"}").await >= 4.0);
    assert!(figure(&worker, "abaci_worker_compute_seconds_count{lane=\"short\"}").await >= 4.0);
    assert!(figure(&worker, "abaci_store_call_seconds_count{call=\"complete\"}").await >= 4.0);
    assert!(figure(&api, "abaci_http_request_seconds_count{route=\"/api/calculations\"}").await >= 10.0);

    let told: BTreeSet<String> = names(&scrape(&api).await).union(&names(&scrape(&worker).await)).cloned().collect();
    for name in documented() {
        assert!(told.contains(&name) || OF_TROUBLE.contains(&&*name), "{name} is not among {told:?}");
    }

    // Without the queue the record knows; and nobody is told that nothing waits when nobody knows.
    system.redis.kill();
    eventually("the record tells", async || {
        (figure(&api, "abaci_queue_claimed{lane=\"long\"}").await == 1.0).then_some(())
    })
    .await;
    system.postgres.kill();
    eventually("the depth is not known", async || waiting("short").await.is_nan().then_some(())).await;
}

async fn scrape(role: &Role) -> String {
    let (status, text) = role.inside("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    text
}

/// A figure by its name and labels; 0 if it is not told.
async fn figure(role: &Role, name: &str) -> f64 {
    let text = scrape(role).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |figure| figure.parse().expect("a figure"))
}

/// Names without their labels, and without what a histogram adds to its own.
fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let name = |line: &str| line.split(['{', ' ']).next().unwrap_or_default().to_owned();
    let bare = |name: String| match name.strip_suffix("_bucket") {
        Some(bare) => bare.to_owned(),
        None => name,
    };
    lines.map(name).map(bare).collect()
}

/// The names in the table of the documentation.
fn documented() -> Vec<String> {
    let text = include_str!("../../docs/distributed.md");
    let table = text.split_once("| question | metric |").expect("a table").1.split("\n\n").next().expect("its rows");
    let cells = table.lines().skip(2).map(|row| row.split('|').nth(2).expect("a cell"));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = quoted.map(|text| text.split('{').next().unwrap_or_default().to_owned());
    // A word without is that of a role.
    let names: Vec<String> = names.filter(|name| name.contains('_')).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}
