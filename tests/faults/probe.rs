//! Asking whether the system works again, and how fast somebody takes over.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Part};
use crate::ledger::Ledger;
use crate::patience::{PATIENCE, eventually, within};

/// The first of the indexes that nobody but a probe asks for.
const FIRST: i64 = 50_000;

/// The first of the indexes whose work takes so long that it can be caught at it: seconds on a fast machine.
pub(crate) const LONG: i64 = 900_000_000;

/// Works through a whole use of the system, from the page to a value nobody asked for before, until it
/// goes well; gives how long after `since` that was, or nothing if it never does.
pub(crate) async fn works_again(cluster: &mut Cluster, ledger: &Ledger, since: Instant) -> Option<Duration> {
    static NEXT: AtomicI64 = AtomicI64::new(FIRST);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let tried = Instant::now();
    while tried.elapsed() < PATIENCE {
        if let Some((etag, text)) = use_once(cluster, ledger, n).await {
            ledger.check(n, etag.as_deref(), &text);
            return Some(since.elapsed());
        }
        cluster.supervise();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// Waits until each part is back, so that the next fault finds a system that has all of them.
pub(crate) async fn whole_again(cluster: &mut Cluster, ledger: &Ledger) {
    let tried = Instant::now();
    while !cluster.is_whole().await {
        if tried.elapsed() > PATIENCE {
            ledger.violated("stuck: the system works and one of its parts does not come back".to_owned());
            return;
        }
        cluster.supervise();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Once through everything: the page, a submission, its value and the value's tag.
async fn use_once(cluster: &Cluster, ledger: &Ledger, n: i64) -> Option<(Option<String>, Vec<u8>)> {
    // A connection that hangs from before the fault is given up, as a browser's user would.
    let limit = Duration::from_secs(3);
    let page = cluster.http.get(cluster.url()).timeout(limit).send().await.ok()?;
    if page.status() != StatusCode::OK {
        return None;
    }
    let (status, _) = submit(cluster, n).await?;
    if !status.is_success() {
        return None;
    }
    ledger.submit(n);
    let value = cluster.http.get(format!("{}/api/calculations/{n}/value", cluster.url())).timeout(limit);
    let value = value.send().await.ok()?;
    if value.status() != StatusCode::OK {
        return None;
    }
    let etag = value.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    Some((etag, value.bytes().await.ok()?.to_vec()))
}

/// Kills the worker that computes something long and gives the time until the same job runs elsewhere.
/// The worker is started again, and the job withdrawn.
pub(crate) async fn takeover(cluster: &mut Cluster, ledger: &Ledger) -> Option<Duration> {
    static NEXT: AtomicI64 = AtomicI64::new(LONG);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let asking = &*cluster;
    let ask = eventually("a long calculation is accepted", async || {
        let (status, body) = submit(asking, n).await?;
        if status.is_success() { Some(body["ask"].as_str()?.to_owned()) } else { None }
    })
    .await;
    let (number, attempt) = eventually("a worker says that it computes it", async || {
        let number = asking.worker_of(n).await?;
        Some((number, state(asking, n).await?.1))
    })
    .await;

    cluster.kill(Part::Worker(number));
    let killed = Instant::now();
    let watching = &*cluster;
    let elapsed = within(PATIENCE, async || {
        let (status, now) = state(watching, n).await?;
        (status == "running" && now > attempt).then(|| killed.elapsed())
    })
    .await;
    if elapsed.is_none() {
        ledger.violated(format!("stuck: F({n}) ran on a worker that was killed, and is not taken over"));
    }
    cluster.restart(Part::Worker(number));

    let withdrawing = &*cluster;
    eventually("it is withdrawn", async || {
        let request = withdrawing.http.delete(format!("{}/api/calculations/{n}", withdrawing.url()));
        let response = request.header("abaci-ask", &ask).send().await.ok()?;
        // 409: an answer to an earlier try was lost on its way.
        matches!(response.status(), StatusCode::OK | StatusCode::CONFLICT).then_some(())
    })
    .await;
    elapsed
}

/// Asks for F(n).
pub(crate) async fn submit(cluster: &Cluster, n: i64) -> Option<(StatusCode, Value)> {
    let request = cluster.http.post(format!("{}/api/calculations", cluster.url())).timeout(Duration::from_secs(3));
    let response = request.json(&json!({"index": n.to_string()})).send().await.ok()?;
    Some((response.status(), response.json().await.ok()?))
}

/// Where F(n) stands, and in which attempt.
async fn state(cluster: &Cluster, n: i64) -> Option<(String, u64)> {
    let calculation = cluster.json(&format!("/api/calculations/{n}")).await?;
    Some((calculation["status"].as_str()?.to_owned(), calculation["attempt"].as_u64()?))
}
