//! Measures the time to recovery, and the time to takeover of a job.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use crate::ledger::Ledger;
use crate::support::timeouts::{STUCK_AFTER, eventually, within};
use crate::systems::{Cluster, Component, System, SystemClient};
use crate::traffic;

/// The first index that only probes submit.
const FIRST: i64 = 50_000;

/// The first index with work of several seconds, which can be caught while it runs.
pub(crate) const LONG: i64 = 900_000_000;

/// Returns an index that nothing else submits, with work of several seconds.
pub(crate) fn next_long() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(LONG);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Uses the system, from the page to the value of a new index, until it succeeds; returns the time since `since`, or
/// `None` if it never does.
pub(crate) async fn time_to_recovery(system: &mut impl System, ledger: &Ledger, since: Instant) -> Option<Duration> {
    static NEXT: AtomicI64 = AtomicI64::new(FIRST);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let start = Instant::now();
    while start.elapsed() < STUCK_AFTER {
        if let Some((etag, text)) = use_once(system.client(), ledger, n).await {
            ledger.check_value(n, etag.as_deref(), &text);
            return Some(since.elapsed());
        }
        system.supervise();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// Waits until every component serves, so that the next fault finds a complete system.
pub(crate) async fn wait_until_complete(system: &mut impl System, ledger: &Ledger) {
    let start = Instant::now();
    while !system.is_complete().await {
        if start.elapsed() > STUCK_AFTER {
            ledger.violation("stuck: the system works, but one of its components does not come back".to_owned());
            return;
        }
        system.supervise();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Opens the page, submits an index and reads its value.
async fn use_once(client: &SystemClient, ledger: &Ledger, n: i64) -> Option<(Option<String>, Vec<u8>)> {
    // A connection that hangs since the fault is given up, as a person would.
    let timeout = Duration::from_secs(3);
    let page = client.http.get(&client.url).timeout(timeout).send().await.ok()?;
    if page.status() != StatusCode::OK {
        return None;
    }
    let (status, _) = submit(client, ledger, n).await?;
    if !status.is_success() {
        return None;
    }
    let value = client.http.get(format!("{}/api/calculations/{n}/value", client.url)).timeout(timeout);
    let value = value.send().await.ok()?;
    if value.status() != StatusCode::OK {
        return None;
    }
    let etag = value.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    Some((etag, value.bytes().await.ok()?.to_vec()))
}

/// Submits F(n), and gives up after three seconds.
pub(crate) async fn submit(client: &SystemClient, ledger: &Ledger, n: i64) -> Option<(StatusCode, Value)> {
    traffic::submit(&client.http, &client.url, ledger, n, Duration::from_secs(3)).await
}

/// Submits long work that the caller cancels, and returns its token.
pub(crate) async fn submit_long(client: &SystemClient, ledger: &Ledger, n: i64) -> String {
    ledger.exempt(n);
    eventually("long work is accepted", async || {
        let (status, body) = submit(client, ledger, n).await?;
        if status.is_success() { Some(body["ask"].as_str()?.to_owned()) } else { None }
    })
    .await
}

/// Cancels F(n), and returns the final status of the response.
pub(crate) async fn cancel(client: &SystemClient, n: i64, token: &str) -> StatusCode {
    eventually("it is cancelled", async || {
        let request = client.http.delete(format!("{}/api/calculations/{n}", client.url));
        let response = request.header("abaci-ask", token).send().await.ok()?;
        // 409: it is done, or an earlier response was lost.
        Some(response.status()).filter(|status| matches!(*status, StatusCode::OK | StatusCode::CONFLICT))
    })
    .await
}

/// Kills the worker that computes something long and returns the time until the same job runs on another. The worker
/// is started again, and the job cancelled.
pub(crate) async fn time_to_takeover(cluster: &mut Cluster, ledger: &Ledger) -> Option<Duration> {
    let n = next_long();
    let running = &*cluster;
    let token = submit_long(running.client(), ledger, n).await;
    let (number, attempt) = eventually("a worker computes it", async || {
        let number = running.worker_of(n).await?;
        Some((number, state(running.client(), n).await?.1))
    })
    .await;

    cluster.kill(Component::Worker(number));
    let killed = Instant::now();
    let running = &*cluster;
    let elapsed = within(STUCK_AFTER, async || {
        let (status, now) = state(running.client(), n).await?;
        (status == "running" && now > attempt).then(|| killed.elapsed())
    })
    .await;
    if elapsed.is_none() {
        ledger.violation(format!("stuck: F({n}) ran on a worker that was killed, and is not taken over"));
    }
    cluster.restart(Component::Worker(number));
    cancel(cluster.client(), n, &token).await;
    elapsed
}

/// Returns the status of F(n) and the number of its attempts.
pub(crate) async fn state(client: &SystemClient, n: i64) -> Option<(String, u64)> {
    let calculation = client.json(&format!("/api/calculations/{n}")).await?;
    Some((calculation["status"].as_str()?.to_owned(), calculation["attempt"].as_u64()?))
}
