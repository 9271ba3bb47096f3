//! What was promised, and the stream of people who ask and read meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use crate::oracle::is_fibonacci;
use crate::random::Random;

/// Everything that was acknowledged and seen.
#[derive(Default)]
pub(crate) struct Ledger {
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// Each accepted index, with the hash of its value once that was seen.
    accepted: BTreeMap<i64, Option<String>>,
    /// How often each status was answered to a submission; 0: no answer at all.
    answers: BTreeMap<u16, u64>,
    /// Broken promises.
    violations: Vec<String>,
    next: [i64; 3],
}

impl Ledger {
    /// Notes that F(n) was accepted.
    pub(crate) fn submit(&self, n: i64) {
        self.book().accepted.entry(n).or_default();
    }

    /// All that was accepted so far.
    pub(crate) fn accepted(&self) -> Vec<i64> {
        self.book().accepted.keys().copied().collect()
    }

    /// Submissions so far that were not accepted, or not answered.
    pub(crate) fn refused(&self) -> u64 {
        self.book().answers.iter().filter(|(status, _)| !matches!(**status, 200 | 202)).map(|(_, count)| count).sum()
    }

    /// How often each status was answered to a submission; 0: no answer at all.
    pub(crate) fn answers(&self) -> BTreeMap<u16, u64> {
        self.book().answers.clone()
    }

    /// Notes a broken promise.
    pub(crate) fn violated(&self, what: String) {
        self.book().violations.push(what);
    }

    /// The broken promises so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.book().violations.clone()
    }

    /// Checks a value that was served: that it is F(n), what its tag says, and the same as ever.
    pub(crate) fn check(&self, n: i64, etag: Option<&str>, text: &[u8]) {
        let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        if !is_fibonacci(n, text) {
            self.violated(format!("wrong: F({n}) was served with {} bytes that are not it", text.len()));
        }
        if etag != Some(&format!("\"{sha256}\"")) {
            self.violated(format!("wrong: F({n}) was served as {sha256} with the tag {etag:?}"));
        }
        let before = self.book().accepted.insert(n, Some(sha256.clone())).flatten();
        if before.as_ref().is_some_and(|before| *before != sha256) {
            self.violated(format!("changed: F({n}) was {before:?} and is {sha256}"));
        }
    }

    /// What to ask for next: mostly something small, sometimes something known, now and then a long one.
    fn choose(&self, random: &mut Random) -> i64 {
        let mut book = self.book();
        let mut fresh = |kind: usize, first: i64, step: i64, count: i64| {
            book.next[kind] += 1;
            first + book.next[kind] % count * step
        };
        match random.below(100) {
            0..=69 => {
                let n = fresh(0, 1, 1, 20_000);
                if random.below(4) == 0 { -n } else { n }
            }
            // Some of them inline, some of them objects.
            70..=81 => fresh(1, 250_000, 7, 30_000),
            82..=84 => fresh(2, 2_000_000, 1_001, 1_000),
            _ if book.accepted.is_empty() => 1,
            _ => {
                let skip = random.below(book.accepted.len() as u64) as usize;
                book.accepted.keys().nth(skip).copied().unwrap_or(1)
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("not poisoned")
    }
}

/// People who ask and read until this is dropped.
pub(crate) struct Traffic {
    people: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Four people ask, ten times a second at most; two read what was promised, and one looks at the system.
    pub(crate) fn start(url: &str, ledger: &Arc<Ledger>, seed: u64) -> Self {
        let asks = (0..4).map(|number| tokio::spawn(ask(url.to_owned(), ledger.clone(), Random::new(seed + number))));
        let reads = (4..6).map(|number| tokio::spawn(read(url.to_owned(), ledger.clone(), Random::new(seed + number))));
        let looks = [tokio::spawn(look(url.to_owned(), ledger.clone()))];
        Self { people: asks.chain(reads).chain(looks).collect() }
    }

    /// Ends it, and fails if one of them failed.
    pub(crate) async fn stop(mut self) {
        for person in std::mem::take(&mut self.people) {
            person.abort();
            if let Err(error) = person.await {
                assert!(error.is_cancelled(), "{error}");
            }
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.people.iter().for_each(JoinHandle::abort);
    }
}

async fn ask(url: String, ledger: Arc<Ledger>, mut random: Random) {
    let http = http();
    loop {
        let n = ledger.choose(&mut random);
        let request = http.post(format!("{url}/api/calculations")).json(&json!({"index": n.to_string()}));
        // Without an answer it may have been accepted or not; only what was said counts.
        let status = request.send().await.map_or(0, |response| response.status().as_u16());
        *ledger.book().answers.entry(status).or_default() += 1;
        match status {
            200 | 202 => ledger.submit(n),
            0 | 429 | 502..=504 => {}
            _ => ledger.violated(format!("unexpected: {status} to a submission of {n}")),
        }
        tokio::time::sleep(Duration::from_millis(50 + random.below(100))).await;
    }
}

async fn read(url: String, ledger: Arc<Ledger>, mut random: Random) {
    let http = http();
    loop {
        tokio::time::sleep(Duration::from_millis(50 + random.below(100))).await;
        let accepted = ledger.accepted();
        if accepted.is_empty() {
            continue;
        }
        let n = accepted[random.below(accepted.len() as u64) as usize];
        let Ok(response) = http.get(format!("{url}/api/calculations/{n}/value")).send().await else { continue };
        let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        match response.status() {
            StatusCode::OK => {
                // Broken off is not wrong: the length that was announced says so.
                if let Ok(text) = response.bytes().await {
                    ledger.check(n, etag.as_deref(), &text);
                }
            }
            StatusCode::NOT_FOUND => ledger.violated(format!("lost: F({n}) was accepted and is not known")),
            StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {}
            status if matches!(status.as_u16(), 502..=504) => {}
            status => ledger.violated(format!("unexpected: {status} to a reader of F({n})")),
        }
    }
}

/// Looks at the state of the system, which is told whole or not at all.
async fn look(url: String, ledger: Arc<Ledger>) {
    let http = http();
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let Ok(response) = http.get(format!("{url}/api/system")).send().await else { continue };
        match response.status() {
            StatusCode::OK => {
                // Broken off is not wrong.
                let Ok(text) = response.bytes().await else { continue };
                let system: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
                let lanes = system["lanes"].as_array().map_or(&[][..], Vec::as_slice);
                let known = |lane: &serde_json::Value| lane["waiting"].is_u64() && lane["claimed"].is_u64();
                if lanes.len() != 3 || !lanes.iter().all(known) || !system["workers"].is_array() {
                    ledger.violated(format!("wrong: the state of the system was told as {system}"));
                }
            }
            status if matches!(status.as_u16(), 502..=504) => {}
            status => ledger.violated(format!("unexpected: {status} to who looked at the system")),
        }
    }
}

fn http() -> reqwest::Client {
    crate::http::client().timeout(Duration::from_secs(45)).build().expect("an HTTP client")
}
