//! Asking whether the system works again, and how fast somebody takes over.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Part};
use crate::ledger::Ledger;
use crate::patience::{PATIENCE, eventually};

/// The first of the indexes that nobody but a probe asks for.
const FIRST: i64 = 50_000;

/// The first of the indexes whose work takes so long that it can be caught at it: seconds on a fast machine.
pub(crate) const LONG: i64 = 900_000_000;

/// Works through a whole use of the system, from the page to a value nobody asked for before, until it
/// goes well; gives how long after `since` that was.
pub(crate) async fn works_again(cluster: &mut Cluster, ledger: &Ledger, since: Instant) -> Duration {
    static NEXT: AtomicI64 = AtomicI64::new(FIRST);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    loop {
        if let Some((etag, text)) = use_once(cluster, ledger, n).await {
            ledger.check(n, etag.as_deref(), &text);
            return since.elapsed();
        }
        assert!(since.elapsed() < PATIENCE, "it does not work again {PATIENCE:?} after the fault");
        cluster.supervise().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
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
    ledger.accept(n);
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
pub(crate) async fn takeover(cluster: &mut Cluster) -> Option<Duration> {
    static NEXT: AtomicI64 = AtomicI64::new(LONG);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let asking = &*cluster;
    let ask = eventually("a long calculation is accepted", async || {
        let (status, body) = submit(asking, n).await?;
        if status.is_success() { Some(body["ask"].as_str()?.to_owned()) } else { None }
    })
    .await;
    let number = eventually("a worker says that it computes it", async || asking.worker_of(n).await).await;
    let attempt = state(cluster, n).await.and_then(|(_, attempt)| attempt)?;

    cluster.kill(Part::Worker(number));
    let killed = Instant::now();
    let watching = &*cluster;
    let elapsed = eventually("the dead worker's job runs elsewhere", async || {
        let (status, now) = state(watching, n).await?;
        let runs = status == "running" && now > Some(attempt);
        runs.then(|| killed.elapsed())
    })
    .await;
    cluster.restart(Part::Worker(number)).await;

    let withdrawing = &*cluster;
    eventually("it is withdrawn", async || {
        let request = withdrawing.http.delete(format!("{}/api/calculations/{n}", withdrawing.url()));
        let response = request.header("abaci-ask", &ask).send().await.ok()?;
        // 409: an answer to an earlier try was lost on its way.
        matches!(response.status(), StatusCode::OK | StatusCode::CONFLICT).then_some(())
    })
    .await;
    Some(elapsed)
}

/// Asks for F(n).
async fn submit(cluster: &Cluster, n: i64) -> Option<(StatusCode, Value)> {
    let request = cluster.http.post(format!("{}/api/calculations", cluster.url())).timeout(Duration::from_secs(3));
    let response = request.json(&json!({"index": n.to_string()})).send().await.ok()?;
    Some((response.status(), response.json().await.ok()?))
}

/// Where F(n) stands, and in which attempt.
async fn state(cluster: &Cluster, n: i64) -> Option<(String, Option<u64>)> {
    let calculation = cluster.json(&format!("/api/calculations/{n}")).await?;
    Some((calculation["status"].as_str()?.to_owned(), calculation["attempt"].as_u64()))
}
