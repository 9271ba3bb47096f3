//! The final audit: compares everything that is stored with the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::probe::LONG;
use crate::support::reference::is_fibonacci;
use crate::support::timeouts::STUCK_AFTER;
use crate::systems::SystemClient;

/// Number of values that are read at the same time.
const CONCURRENCY: usize = 8;

/// The figures of an audit.
#[derive(Default)]
pub(crate) struct Audit {
    /// Stored, though no response said so.
    pub(crate) stored_without_response: usize,
    /// Stored, though a response said that nothing was stored.
    pub(crate) refused_and_stored: usize,
    /// Number of failed calculations by reason.
    pub(crate) failures: BTreeMap<String, usize>,
}

/// Waits until everything stored has a final state and checks all of it. Violations go into the ledger.
pub(crate) async fn audit(client: &SystemClient, ledger: &Ledger) -> Audit {
    let stored = wait_until_settled(client, ledger).await;
    for n in ledger.accepted() {
        match stored.get(&n).map(|calculation| calculation["status"].as_str()) {
            // Calculations that are not settled are reported already.
            Some(Some("done" | "queued" | "running")) => {}
            Some(status) => {
                let failure = &stored[&n]["failure"];
                ledger.violation(format!("not done: F({n}) was accepted and is {status:?}: {failure}"));
            }
            None => ledger.violation(format!("missing: F({n}) was accepted and is not stored")),
        }
    }
    let done = stored.iter().filter(|(_, calculation)| calculation["status"] == "done");
    stream::iter(done)
        .for_each_concurrent(CONCURRENCY, |(&n, calculation)| audit_value(client, ledger, n, calculation))
        .await;

    let (unknown, others) = ledger.unaccepted(stored.keys());
    let refused: Vec<i64> = others.iter().copied().filter(|n| ledger.history(*n).is_refused()).collect();
    for n in &refused {
        ledger.violation(format!("refused and stored: F({n})"));
    }
    let mut audit =
        Audit { stored_without_response: unknown.len(), refused_and_stored: refused.len(), ..Audit::default() };
    for calculation in stored.values().filter(|calculation| calculation["status"] == "failed") {
        *audit.failures.entry(calculation["failure"]["reason"].to_string()).or_default() += 1;
    }
    audit
}

/// Lists everything until nothing waits or runs.
async fn wait_until_settled(client: &SystemClient, ledger: &Ledger) -> BTreeMap<i64, Value> {
    let start = Instant::now();
    loop {
        let stored = list_all(client, ledger).await;
        let unsettled: Vec<_> =
            stored.iter().filter(|(_, calculation)| !is_settled(calculation)).map(|(n, _)| *n).collect();
        if unsettled.is_empty() {
            check_queue_is_empty(client, ledger).await;
            return stored;
        }
        if start.elapsed() > STUCK_AFTER {
            for n in unsettled {
                ledger.violation(format!("stuck: F({n}) is {}", stored[&n]));
            }
            return stored;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn is_settled(calculation: &Value) -> bool {
    matches!(calculation["status"].as_str(), Some("done" | "failed" | "cancelled"))
}

/// Lists all calculations, page by page. Each index must be listed once.
async fn list_all(client: &SystemClient, ledger: &Ledger) -> BTreeMap<i64, Value> {
    let mut stored = BTreeMap::new();
    let mut path = "/api/calculations?limit=200".to_owned();
    loop {
        let page = client.json(&path).await.expect("the list can be read without a fault");
        for calculation in page["items"].as_array().expect("items") {
            let index = calculation["index"].as_str().expect("an index").parse().expect("a number");
            if stored.insert(index, calculation.clone()).is_some() {
                ledger.violation(format!("duplicate: F({index}) is listed twice"));
            }
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/api/calculations?limit=200&after={next}"),
            None => return stored,
        }
    }
}

/// A settled calculation must not stay in the queue, or it would be redelivered forever.
async fn check_queue_is_empty(client: &SystemClient, ledger: &Ledger) {
    let start = Instant::now();
    loop {
        let system = client.json("/api/system").await.expect("the system responds without a fault");
        let lanes = system["lanes"].as_array().expect("lanes");
        // Counted by the store, by the queue, and listed by the queue.
        let is_empty = |lane: &Value| lane["waiting"] == 0 && lane["claimed"] == 0 && lane["next"] == json!([]);
        if lanes.iter().all(is_empty) {
            return;
        }
        if start.elapsed() > STUCK_AFTER {
            ledger.violation(format!("stuck: nothing is unfinished, and the queue holds {lanes:?}"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Reads one value and checks it in every form in which it is served.
async fn audit_value(client: &SystemClient, ledger: &Ledger, n: i64, calculation: &Value) {
    if n >= LONG {
        // Finished before it could be cancelled: too long to read.
        return;
    }
    let start = Instant::now();
    let path = format!("{}/api/calculations/{n}", client.url);
    loop {
        let response = client.http.get(format!("{path}/value")).send().await.expect("a response without a fault");
        let status = response.status();
        if status == StatusCode::OK {
            let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            // A truncated response: the value was found to be damaged, and is computed again.
            if let Ok(text) = response.bytes().await {
                check_facts(ledger, n, calculation, etag.as_deref(), &text);
                return;
            }
        }
        // Evicted or damaged: submitting computes it again.
        if !matches!(status, StatusCode::OK | StatusCode::CONFLICT) || start.elapsed() > STUCK_AFTER {
            ledger.violation(format!("not readable: {status} to a reader of F({n}), which is {calculation}"));
            return;
        }
        let again = client.http.post(format!("{}/api/calculations", client.url)).json(&json!({"index": n.to_string()}));
        again.send().await.expect("a response without a fault");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Checks a value and the facts that the list states about it.
pub(crate) fn check_facts(ledger: &Ledger, n: i64, calculation: &Value, etag: Option<&str>, text: &[u8]) {
    ledger.check_value(n, etag, text);
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let ends = [
        ("first_digits", &digits[..digits.len().min(20)]),
        ("last_digits", &digits[digits.len().saturating_sub(20)..]),
    ];
    let are_ends_right = ends.iter().all(|(member, end)| calculation[member].as_str().map(str::as_bytes) == Some(*end));
    let inline = calculation["value"].as_str();
    let is_inline_right = inline.is_none_or(|value| is_fibonacci(n, value.as_bytes()));
    if calculation["digits"] != digits.len() as u64 || !is_inline_right || !are_ends_right {
        ledger.violation(format!("wrong: F({n}) is described as {calculation}"));
    }
    if calculation["sha256"].as_str().is_none_or(|sha256| etag != Some(&*format!("\"{sha256}\""))) {
        ledger.violation(format!("wrong: F({n}) has the tag {etag:?} and is described as {calculation}"));
    }
}

/// Returns the number of distinct violations of each kind.
pub(crate) fn by_kind(violations: &[String]) -> BTreeMap<&str, usize> {
    let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for violation in violations {
        let (kind, details) = violation.split_once(':').unwrap_or((violation, ""));
        kinds.entry(kind).or_default().insert(details);
    }
    kinds.into_iter().map(|(kind, all)| (kind, all.len())).collect()
}
