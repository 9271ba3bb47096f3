//! The ledger: every submission, every response and every observed state, in memory and in a file.
//!
//! The file (one JSON object per line) survives a crash of the driver, and says what happened to an index when.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::reference::is_fibonacci;

/// Everything that was submitted, answered and observed.
pub(crate) struct Ledger {
    start: Instant,
    entries: Mutex<Entries>,
}

struct Entries {
    file: File,
    indexes: BTreeMap<i64, IndexHistory>,
    /// Number of submissions by response status; 0 without a response.
    responses: BTreeMap<u16, u64>,
    violations: Vec<String>,
    /// Number of values that were compared with the reference.
    compared: u64,
}

/// Facts known about one index.
#[derive(Clone, Default)]
pub(crate) struct IndexHistory {
    /// First 2xx response to a submission.
    pub(crate) accepted_at: Option<Instant>,
    /// Last submission, whatever its response.
    last_submitted_at: Option<Instant>,
    /// Whether a submission got no response, or one without its outcome.
    is_outcome_unknown: bool,
    /// Whether a submission was refused with the statement that nothing was stored.
    is_refused: bool,
    /// Hash of the value, once it was served.
    sha256: Option<String>,
    /// Last observed final status, with the time at which its request had ended.
    final_status: Option<(String, Instant)>,
    /// Whether the driver cancels it.
    is_exempt: bool,
    /// Whether the driver damaged its value.
    is_damaged: bool,
}

impl Ledger {
    /// Creates a ledger with a new file.
    pub(crate) fn create(path: &Path) -> Self {
        let entries = Entries {
            file: File::create(path).unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display())),
            indexes: BTreeMap::new(),
            responses: BTreeMap::new(),
            violations: Vec::new(),
            compared: 0,
        };
        Self { start: Instant::now(), entries: Mutex::new(entries) }
    }

    /// Records the start of a submission.
    pub(crate) fn submitting(&self, n: i64) {
        self.write(json!({"submitting": n}));
        self.lock().indexes.entry(n).or_default().last_submitted_at = Some(Instant::now());
    }

    /// Records the response to a submission: its status (0 without a response) and its body.
    pub(crate) fn responded(&self, n: i64, status: u16, body: &Value) {
        let (problem, detail) = (body["type"].as_str(), body["detail"].as_str().unwrap_or_default());
        self.write(json!({"submitted": n, "status": status, "problem": problem, "detail": detail}));
        let mut entries = self.lock();
        *entries.responses.entry(status).or_default() += 1;
        let history = entries.indexes.entry(n).or_default();
        let is_refused = detail.to_lowercase().contains("nothing was stored");
        match status {
            200 | 202 => {
                history.accepted_at.get_or_insert_with(Instant::now);
            }
            429 => history.is_refused = true,
            502..=504 if is_refused => history.is_refused = true,
            0 | 502..=504 => history.is_outcome_unknown = true,
            _ => entries.violations.push(format!("unexpected: {status} {problem:?} to a submission of F({n})")),
        }
    }

    /// Exempts an index from the checks of completion: the driver cancels it.
    pub(crate) fn exempt(&self, n: i64) {
        self.lock().indexes.entry(n).or_default().is_exempt = true;
    }

    /// Records that the driver damaged the value of a subject: it may be queued again, to be repaired.
    pub(crate) fn damaged(&self, subject: &str) {
        self.write(json!({"damaged": subject}));
        let index = subject.strip_prefix("F(").and_then(|rest| rest.strip_suffix(')')?.parse().ok());
        if let Some(n) = index {
            self.lock().indexes.entry(n).or_default().is_damaged = true;
        }
    }

    /// Returns whether the driver damaged the value of an index.
    pub(crate) fn is_damaged(&self, n: i64) -> bool {
        self.history(n).is_damaged
    }

    /// Returns the accepted indexes that must become done.
    pub(crate) fn accepted(&self) -> Vec<i64> {
        let entries = self.lock();
        let is_due = |history: &IndexHistory| history.accepted_at.is_some() && !history.is_exempt;
        entries.indexes.iter().filter(|(_, history)| is_due(history)).map(|(n, _)| *n).collect()
    }

    /// Returns the indexes in a range that were seen done.
    pub(crate) fn done(&self, range: std::ops::Range<i64>) -> Vec<i64> {
        let entries = self.lock();
        let is_done =
            |history: &IndexHistory| history.final_status.as_ref().is_some_and(|(status, _)| status == "done");
        entries.indexes.range(range).filter(|(_, history)| is_done(history)).map(|(n, _)| *n).collect()
    }

    /// Forgets what was accepted since a time, because a backup replaced the database, and returns it.
    pub(crate) fn forget_accepted_since(&self, time: Instant) -> Vec<i64> {
        let mut entries = self.lock();
        let mut forgotten = Vec::new();
        for (n, history) in &mut entries.indexes {
            // Final states since then are gone too.
            history.final_status = None;
            if history.accepted_at.is_some_and(|at| at >= time) {
                *history =
                    IndexHistory { is_outcome_unknown: true, is_exempt: history.is_exempt, ..Default::default() };
                forgotten.push(*n);
            }
        }
        forgotten
    }

    /// Returns whether an index was accepted before a time and is not forgotten: then a request at that time knows it.
    pub(crate) fn is_accepted_at(&self, n: i64, time: Instant) -> bool {
        self.history(n).accepted_at.is_some_and(|at| at <= time)
    }

    /// Returns what is known about an index.
    pub(crate) fn history(&self, n: i64) -> IndexHistory {
        self.lock().indexes.get(&n).cloned().unwrap_or_default()
    }

    /// Returns the number of submissions that were not accepted, or not answered.
    pub(crate) fn refused(&self) -> u64 {
        self.lock().responses.iter().filter(|(status, _)| !matches!(**status, 200 | 202)).map(|(_, count)| count).sum()
    }

    /// Returns the number of submissions by response status; 0 without a response.
    pub(crate) fn responses(&self) -> BTreeMap<u16, u64> {
        self.lock().responses.clone()
    }

    /// Returns the number of values that were compared with the reference.
    pub(crate) fn compared(&self) -> u64 {
        self.lock().compared
    }

    /// Records a violation: its kind, a colon and the details.
    pub(crate) fn violation(&self, text: String) {
        self.write(json!({"violation": text}));
        self.lock().violations.push(text);
    }

    /// Returns the violations so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Records a fault, for the reader of the file.
    pub(crate) fn fault(&self, name: &str, phase: &str) {
        self.write(json!({"fault": name, "phase": phase}));
    }

    /// Checks an observed status, from a response whose request started at `requested_at`: a final status may only
    /// change after another submission.
    pub(crate) fn observe(&self, n: i64, status: &str, requested_at: Instant) {
        let mut entries = self.lock();
        let history = entries.indexes.entry(n).or_default();
        if let Some((before, observed_at)) = &history.final_status {
            let is_newer = requested_at > *observed_at;
            let is_resubmitted = history.last_submitted_at.is_some_and(|at| at + RESUBMIT_WINDOW > *observed_at);
            if is_newer && !is_resubmitted && before != status && !history.is_exempt && !history.is_damaged {
                let text = format!("final state changed: F({n}) was {before} and is {status}");
                entries.violations.push(text.clone());
                drop(entries);
                self.write(json!({"violation": text}));
                return;
            }
        }
        if matches!(status, "done" | "failed" | "cancelled") {
            history.final_status = Some((status.to_owned(), Instant::now()));
        }
    }

    /// Checks a served value: it is F(n), matches its tag, and never changes.
    pub(crate) fn check_value(&self, n: i64, etag: Option<&str>, text: &[u8]) {
        let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        if !is_fibonacci(n, text) {
            self.violation(format!("wrong: F({n}) was served with {} wrong bytes", text.len()));
        }
        if etag != Some(&format!("\"{sha256}\"")) {
            self.violation(format!("wrong: F({n}) was served as {sha256} with the tag {etag:?}"));
        }
        let mut entries = self.lock();
        entries.compared += 1;
        let before = entries.indexes.entry(n).or_default().sha256.replace(sha256.clone());
        drop(entries);
        if before.as_ref().is_some_and(|before| *before != sha256) {
            self.violation(format!("value changed: F({n}) was {before:?} and is {sha256}"));
        }
    }

    /// Returns the stored indexes that were never accepted: those without a known outcome, and those refused.
    pub(crate) fn unaccepted<'a>(&self, stored: impl Iterator<Item = &'a i64>) -> (Vec<i64>, Vec<i64>) {
        let entries = self.lock();
        let unaccepted: Vec<i64> = stored
            .copied()
            .filter(|n| entries.indexes.get(n).is_none_or(|history| history.accepted_at.is_none()))
            .collect();
        let is_unknown = |n: &i64| entries.indexes.get(n).is_some_and(|history| history.is_outcome_unknown);
        unaccepted.into_iter().partition(is_unknown)
    }

    fn write(&self, mut entry: Value) {
        entry["ms"] = Value::from(self.start.elapsed().as_millis() as u64);
        let line = format!("{entry}\n");
        self.lock().file.write_all(line.as_bytes()).expect("the ledger can be written");
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("not poisoned")
    }
}

/// Time in which a submission without a response may still arrive: the timeout of a client behind a stalled network.
const RESUBMIT_WINDOW: std::time::Duration = std::time::Duration::from_secs(60);

impl IndexHistory {
    /// Returns whether a submission was refused with the statement that nothing was stored.
    pub(crate) const fn is_refused(&self) -> bool {
        self.is_refused
    }
}
