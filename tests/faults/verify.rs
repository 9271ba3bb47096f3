//! The reckoning: every promise is held against what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::oracle::is_fibonacci;
use crate::patience::PATIENCE;
use crate::probe::LONG;

/// How much is asked for at the same time.
const AT_ONCE: usize = 8;

/// Waits until everything on the record has ended and checks all of it; what is amiss goes into the ledger.
pub(crate) async fn verify(cluster: &Cluster, ledger: &Ledger) {
    let record = settled(cluster, ledger).await;
    for n in ledger.accepted() {
        match record.get(&n).map(|calculation| calculation["status"].as_str()) {
            Some(Some("done")) => {}
            // Already told.
            Some(Some("queued" | "running")) => {}
            Some(status) => {
                ledger.violated(format!("not done: F({n}) was accepted and is {status:?}: {}", record[&n]["failure"]))
            }
            None => ledger.violated(format!("lost: F({n}) was accepted and is not on the record")),
        }
    }
    let done = record.iter().filter(|(_, calculation)| calculation["status"] == "done");
    stream::iter(done).for_each_concurrent(AT_ONCE, |(&n, calculation)| value(cluster, ledger, n, calculation)).await;
}

/// Reads the record until nothing on it waits or runs. A subject must be on it once.
async fn settled(cluster: &Cluster, ledger: &Ledger) -> BTreeMap<i64, Value> {
    let start = Instant::now();
    loop {
        let record = record(cluster, ledger).await;
        let open: Vec<_> = record.iter().filter(|(_, calculation)| is_open(calculation)).map(|(n, _)| *n).collect();
        if open.is_empty() {
            queue_is_empty(cluster, ledger).await;
            return record;
        }
        if start.elapsed() > PATIENCE {
            for n in open {
                ledger.violated(format!("stuck: F({n}) is {}", record[&n]));
            }
            return record;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

fn is_open(calculation: &Value) -> bool {
    matches!(calculation["status"].as_str(), Some("queued" | "running"))
}

/// The whole record, page by page.
async fn record(cluster: &Cluster, ledger: &Ledger) -> BTreeMap<i64, Value> {
    let mut record = BTreeMap::new();
    let mut path = "/api/calculations?limit=200".to_owned();
    loop {
        let page = cluster.json(&path).await.expect("the record can be read when all is well");
        for calculation in page["items"].as_array().expect("items") {
            let index = calculation["index"].as_str().expect("an index").parse().expect("a number");
            if record.insert(index, calculation.clone()).is_some() {
                ledger.violated(format!("double: F({index}) is on the record twice"));
            }
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/api/calculations?limit=200&after={next}"),
            None => return record,
        }
    }
}

/// What has ended must have left the queue too, or it would be done again for ever.
async fn queue_is_empty(cluster: &Cluster, ledger: &Ledger) {
    let start = Instant::now();
    loop {
        let system = cluster.json("/api/system").await.expect("the system answers when all is well");
        let lanes = system["lanes"].as_array().expect("lanes");
        if lanes.iter().all(|lane| lane["waiting"] == 0 && lane["claimed"] == 0) {
            return;
        }
        if start.elapsed() > PATIENCE {
            ledger.violated(format!("stuck: nothing is open on the record, and the queue holds {lanes:?}"));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Reads one value and checks it in every form in which it is given.
async fn value(cluster: &Cluster, ledger: &Ledger, n: i64, calculation: &Value) {
    if n >= LONG {
        // Finished before it could be withdrawn: too long to be worth the reading.
        return;
    }
    let start = Instant::now();
    let path = format!("{}/api/calculations/{n}", cluster.url());
    loop {
        let response = cluster.http.get(format!("{path}/value")).send().await.expect("an answer when all is well");
        let status = response.status();
        if status == StatusCode::OK {
            let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            // Broken off, it was found damaged on its way, and is computed again.
            if let Ok(text) = response.bytes().await {
                check_described(ledger, n, calculation, etag.as_deref(), &text);
                return;
            }
        }
        // It made room for others, or was found damaged: asking again computes it again.
        if !matches!(status, StatusCode::OK | StatusCode::CONFLICT) || start.elapsed() > PATIENCE {
            ledger.violated(format!("not readable: {status} to a reader of F({n}), which is {calculation}"));
            return;
        }
        let again =
            cluster.http.post(format!("{}/api/calculations", cluster.url())).json(&json!({"index": n.to_string()}));
        again.send().await.expect("an answer when all is well");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Checks a value, and that it is what the record says of it.
fn check_described(ledger: &Ledger, n: i64, calculation: &Value, etag: Option<&str>, text: &[u8]) {
    ledger.check(n, etag, text);
    let digits = text.strip_prefix(b"-").unwrap_or(text).len() as u64;
    let short = calculation["value"].as_str();
    if calculation["digits"] != digits || short.is_some_and(|value| !is_fibonacci(n, value.as_bytes())) {
        ledger.violated(format!("wrong: F({n}) is described as {calculation}"));
    }
    if calculation["sha256"].as_str().is_none_or(|sha256| etag != Some(&*format!("\"{sha256}\""))) {
        ledger.violated(format!("wrong: F({n}) has the tag {etag:?} and is described as {calculation}"));
    }
}

/// The kinds of broken promises, with how many there are of each.
pub(crate) fn by_kind(violations: &[String]) -> BTreeMap<&str, usize> {
    let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for violation in violations {
        let (kind, what) = violation.split_once(':').unwrap_or((violation, ""));
        kinds.entry(kind).or_default().insert(what);
    }
    kinds.into_iter().map(|(kind, all)| (kind, all.len())).collect()
}
