//! The metrics of the roles.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::role::TestRole;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

/// Counters of errors, which exist only after the first.
const ERROR_COUNTERS: [&str; 7] = [
    "abaci_cache_unavailable_total",
    "abaci_queue_unavailable_total",
    "abaci_store_errors_total",
    "abaci_store_objects_lost_total",
    "abaci_worker_leases_lost_total",
    "abaci_worker_task_panics_total",
    "abaci_worker_swept_total",
];

/// Work of several seconds, so that a worker can be killed while it computes.
const LONG: i64 = 900_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_metrics_exist_and_count() {
    let mut system = BackendSystem::start();
    let api = system.role("api", &[]);
    eventually("it is ready", async || api.is_ready().await.then_some(())).await;
    for n in 1..=5 {
        assert_eq!(api.submit(n).await.0, StatusCode::ACCEPTED);
    }
    assert_eq!(api.submit(LONG).await.0, StatusCode::ACCEPTED);
    let waiting = async |lane: &str| figure(&api, &format!("abaci_queue_waiting{{lane=\"{lane}\"}}")).await;
    eventually("the depth is reported", async || {
        (waiting("short").await == 5.0 && waiting("long").await == 1.0).then_some(())
    })
    .await;
    assert_eq!(waiting("medium").await, 0.0);
    eventually("the age is reported", async || {
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

    let reported: BTreeSet<String> =
        names(&scrape(&api).await).union(&names(&scrape(&worker).await)).cloned().collect();
    for name in documented() {
        assert!(reported.contains(&name) || ERROR_COUNTERS.contains(&&*name), "{name} is not among {reported:?}");
    }

    // Without the queue the store reports; without both the depth is unknown, not zero.
    system.redis.kill();
    eventually("the store reports", async || {
        (figure(&api, "abaci_queue_claimed{lane=\"long\"}").await == 1.0).then_some(())
    })
    .await;
    system.postgres.kill();
    eventually("the depth is unknown", async || waiting("short").await.is_nan().then_some(())).await;
}

async fn scrape(role: &TestRole) -> String {
    let (status, text) = role.get_internal("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    text
}

/// Returns a metric by its name and labels; 0 if it does not exist.
async fn figure(role: &TestRole, name: &str) -> f64 {
    let text = scrape(role).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |figure| figure.parse().expect("a figure"))
}

/// Returns names without labels and without the suffix of histogram buckets.
fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let name = |line: &str| line.split(['{', ' ']).next().unwrap_or_default().to_owned();
    let bare = |name: String| match name.strip_suffix("_bucket") {
        Some(bare) => bare.to_owned(),
        None => name,
    };
    lines.map(name).map(bare).collect()
}

/// Returns the names in the table of the documentation.
fn documented() -> Vec<String> {
    let text = include_str!("../../docs/distributed.md");
    let table = text.split_once("| question | metric |").expect("a table").1.split("\n\n").next().expect("its rows");
    let cells = table.lines().skip(2).map(|row| row.split('|').nth(2).expect("a cell"));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = quoted.map(|text| text.split('{').next().unwrap_or_default().to_owned());
    // A word without an underscore is a role.
    let names: Vec<String> = names.filter(|name| name.contains('_')).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}
