//! The verifier: follows every accepted index until it is done, and compares its value with the reference.
//!
//! It runs beside the traffic, which waits when too much is unverified.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::audit::check_facts;
use crate::ledger::Ledger;
use crate::traffic::{TIMEOUT, http, submit};

/// Maximum time from the end of a fault, or from acceptance, to a final state.
const SETTLED_AFTER: Duration = Duration::from_secs(60);
/// Number of indexes that are verified at the same time.
const CONCURRENCY: usize = 4;

/// Verifies accepted indexes in the background.
pub(crate) struct CalculationVerifier {
    url: String,
    ledger: Arc<Ledger>,
    queue: Mutex<VecDeque<i64>>,
    in_progress: AtomicUsize,
    /// Indexes that were reported as not settled.
    reported: Mutex<BTreeSet<i64>>,
    is_fault_active: AtomicBool,
    recovered_at: Mutex<Instant>,
}

/// The next step for an index after a check of it.
enum CheckOutcome {
    Verified,
    Again,
}

/// The background tasks of a verifier. Dropping it stops them.
pub(crate) struct VerifierTasks(Vec<JoinHandle<()>>);

impl Drop for VerifierTasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl CalculationVerifier {
    /// Starts a verifier.
    pub(crate) fn start(url: &str, ledger: &Arc<Ledger>) -> (Arc<Self>, VerifierTasks) {
        let verifier = Arc::new(Self {
            url: url.to_owned(),
            ledger: ledger.clone(),
            queue: Mutex::default(),
            in_progress: AtomicUsize::new(0),
            reported: Mutex::default(),
            is_fault_active: AtomicBool::new(false),
            recovered_at: Mutex::new(Instant::now()),
        });
        let tasks = (0..CONCURRENCY).map(|_| tokio::spawn(run(verifier.clone()))).collect();
        (verifier, VerifierTasks(tasks))
    }

    /// Adds an index, if it was accepted.
    pub(crate) fn add(&self, n: i64) {
        if self.ledger.history(n).accepted_at.is_some() {
            self.queue.lock().expect("not poisoned").push_back(n);
        }
    }

    /// Returns the number of indexes that are not verified yet.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.lock().expect("not poisoned").len() + self.in_progress.load(Ordering::Relaxed)
    }

    /// Notes whether a fault is active. While one is, nothing is late.
    pub(crate) fn set_fault_active(&self, is_active: bool) {
        *self.recovered_at.lock().expect("not poisoned") = Instant::now();
        self.is_fault_active.store(is_active, Ordering::Relaxed);
    }

    /// Waits until everything accepted is verified or reported as not settled.
    pub(crate) async fn finish(&self) {
        let start = Instant::now();
        // The reports of what is not settled take as long as that.
        while self.waiting() > 0 && start.elapsed() < SETTLED_AFTER * 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let reported = self.reported.lock().expect("not poisoned").clone();
            self.queue.lock().expect("not poisoned").retain(|n| !reported.contains(n));
        }
    }

    fn next(&self) -> Option<i64> {
        let mut queue = self.queue.lock().expect("not poisoned");
        let n = queue.pop_front()?;
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        Some(n)
    }

    /// Looks at F(n) once.
    async fn verify(&self, http: &reqwest::Client, n: i64) -> CheckOutcome {
        let requested_at = Instant::now();
        let response = http.get(format!("{}/api/calculations/{n}", self.url)).send().await;
        let Ok(response) = response else { return self.unsettled(n, "not readable") };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                if self.ledger.is_accepted_at(n, requested_at) {
                    self.ledger.violation(format!("missing: F({n}) was accepted and is unknown"));
                }
                return CheckOutcome::Verified;
            }
            StatusCode::TOO_MANY_REQUESTS => return CheckOutcome::Again,
            status if matches!(status.as_u16(), 502..=504) => return self.unsettled(n, "not readable"),
            status => {
                self.ledger.violation(format!("unexpected: {status} to a reader of F({n})"));
                return CheckOutcome::Verified;
            }
        }
        let Ok(calculation) = response.json::<Value>().await else { return self.unsettled(n, "not readable") };
        let status = calculation["status"].as_str().unwrap_or_default().to_owned();
        self.ledger.observe(n, &status, requested_at);
        match status.as_str() {
            "done" => self.verify_value(http, n, &calculation).await,
            "failed" => {
                self.ledger.violation(format!("failed: F({n}): {}", calculation["failure"]));
                CheckOutcome::Verified
            }
            "cancelled" => {
                self.ledger.violation(format!("cancelled: F({n}), which nobody cancelled"));
                CheckOutcome::Verified
            }
            _ => self.unsettled(n, &status),
        }
    }

    async fn verify_value(&self, http: &reqwest::Client, n: i64, calculation: &Value) -> CheckOutcome {
        let requested_at = Instant::now();
        let response = http.get(format!("{}/api/calculations/{n}/value", self.url)).send().await;
        let Ok(response) = response else { return self.unsettled(n, "not readable") };
        let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        match response.status() {
            StatusCode::OK => match response.bytes().await {
                Ok(text) => {
                    check_facts(&self.ledger, n, calculation, etag.as_deref(), &text);
                    CheckOutcome::Verified
                }
                // A truncated response is not wrong.
                Err(_) => self.unsettled(n, "not readable"),
            },
            // Evicted or damaged: submitting computes it again.
            StatusCode::CONFLICT => {
                submit(http, &self.url, &self.ledger, n, TIMEOUT).await;
                self.unsettled(n, "evicted")
            }
            StatusCode::NOT_FOUND => {
                if self.ledger.is_accepted_at(n, requested_at) {
                    self.ledger.violation(format!("missing: F({n}) was done and is unknown"));
                }
                CheckOutcome::Verified
            }
            StatusCode::TOO_MANY_REQUESTS => CheckOutcome::Again,
            status if matches!(status.as_u16(), 502..=504) => self.unsettled(n, "not readable"),
            status => {
                self.ledger.violation(format!("unexpected: {status} to a reader of the value of F({n})"));
                CheckOutcome::Verified
            }
        }
    }

    /// Reports F(n) once if it is late.
    fn unsettled(&self, n: i64, status: &str) -> CheckOutcome {
        let accepted_at = self.ledger.history(n).accepted_at.unwrap_or_else(Instant::now);
        let due = accepted_at.max(*self.recovered_at.lock().expect("not poisoned")) + SETTLED_AFTER;
        let is_late = !self.is_fault_active.load(Ordering::Relaxed) && Instant::now() > due;
        if is_late && self.reported.lock().expect("not poisoned").insert(n) {
            self.ledger.violation(format!("not settled: F({n}) is {status} after {SETTLED_AFTER:?}"));
        }
        CheckOutcome::Again
    }
}

async fn run(verifier: Arc<CalculationVerifier>) {
    let http = http();
    loop {
        let Some(n) = verifier.next() else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let outcome = verifier.verify(&http, n).await;
        if matches!(outcome, CheckOutcome::Again) {
            verifier.queue.lock().expect("not poisoned").push_back(n);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        verifier.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}
