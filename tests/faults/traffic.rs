//! Clients that submit and read all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::ledger::Ledger;
use crate::random::Random;
use crate::verifier::CalculationVerifier;

/// Clients that run until this is dropped.
pub(crate) struct Traffic {
    clients: Vec<JoinHandle<()>>,
}

/// Timeout of a request, above those of the server.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(45);
/// Clients wait when this many accepted indexes are not verified yet, so that the verifier never falls behind.
const MAX_UNVERIFIED: usize = 400;

impl Traffic {
    /// Starts four clients that submit about ten times a second each, and one that reads the state of the system.
    pub(crate) fn start(url: &str, ledger: &Arc<Ledger>, verifier: &Arc<CalculationVerifier>, seed: u64) -> Self {
        let next = Arc::new([1, 0, 0].map(AtomicI64::new));
        let submit = (0..4).map(|number| {
            let random = Random::new(seed + number);
            tokio::spawn(submit_endlessly(url.to_owned(), ledger.clone(), verifier.clone(), next.clone(), random))
        });
        let read_system = [tokio::spawn(read_system_endlessly(url.to_owned(), ledger.clone()))];
        Self { clients: submit.chain(read_system).collect() }
    }

    /// Stops the clients, and fails if one of them failed.
    pub(crate) async fn stop(mut self) {
        for client in std::mem::take(&mut self.clients) {
            client.abort();
            if let Err(error) = client.await {
                assert!(error.is_cancelled(), "{error}");
            }
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.clients.iter().for_each(JoinHandle::abort);
    }
}

/// Chooses an index: mostly short work, sometimes a known one, sometimes longer work.
fn choose(next: &[AtomicI64; 3], ledger: &Ledger, random: &mut Random) -> i64 {
    let fresh = |kind: usize, first: i64, step: i64, count: i64| {
        first + next[kind].fetch_add(1, Ordering::Relaxed) % count * step
    };
    match random.below(100) {
        0..=69 => {
            let n = fresh(0, 1, 1, 20_000);
            if random.below(4) == 0 { -n } else { n }
        }
        // Around the size above which a value is an object.
        70..=81 => fresh(1, 250_000, 7, 30_000),
        82..=84 => fresh(2, 2_000_000, 1_001, 1_000),
        _ => {
            let accepted = ledger.accepted();
            match accepted.len() as u64 {
                0 => 1,
                count => accepted[random.below(count) as usize],
            }
        }
    }
}

async fn submit_endlessly(
    url: String,
    ledger: Arc<Ledger>,
    verifier: Arc<CalculationVerifier>,
    next: Arc<[AtomicI64; 3]>,
    mut random: Random,
) {
    let http = http();
    loop {
        tokio::time::sleep(Duration::from_millis(50 + random.below(100))).await;
        if verifier.waiting() < MAX_UNVERIFIED {
            let n = choose(&next, &ledger, &mut random);
            submit(&http, &url, &ledger, n, TIMEOUT).await;
            verifier.add(n);
        }
    }
}

/// Submits F(n), records it, and returns the response if there is one.
pub(crate) async fn submit(
    http: &reqwest::Client,
    url: &str,
    ledger: &Ledger,
    n: i64,
    timeout: Duration,
) -> Option<(StatusCode, Value)> {
    ledger.submitting(n);
    let request = http.post(format!("{url}/api/calculations")).json(&json!({"index": n.to_string()})).timeout(timeout);
    let Ok(response) = request.send().await else {
        ledger.responded(n, 0, &Value::Null);
        return None;
    };
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    ledger.responded(n, status.as_u16(), &body);
    Some((status, body))
}

/// Checks that the state of the system is complete whenever it is served.
async fn read_system_endlessly(url: String, ledger: Arc<Ledger>) {
    let http = http();
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let Ok(response) = http.get(format!("{url}/api/system")).send().await else { continue };
        match response.status() {
            StatusCode::OK => {
                // A truncated response is not wrong.
                let Ok(text) = response.bytes().await else { continue };
                let system: Value = serde_json::from_slice(&text).unwrap_or_default();
                let lanes = system["lanes"].as_array().map_or(&[][..], Vec::as_slice);
                let is_counted = |lane: &Value| lane["waiting"].is_u64() && lane["claimed"].is_u64();
                if lanes.len() != 3 || !lanes.iter().all(is_counted) || !system["workers"].is_array() {
                    ledger.violation(format!("wrong: the state of the system was served as {system}"));
                }
            }
            status if matches!(status.as_u16(), 502..=504) => {}
            status => ledger.violation(format!("unexpected: {status} to GET /api/system")),
        }
    }
}

/// Returns a client.
pub(crate) fn http() -> reqwest::Client {
    crate::support::http::client().timeout(TIMEOUT).build().expect("an HTTP client")
}
