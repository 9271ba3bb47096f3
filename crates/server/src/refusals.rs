//! Counts refusals by kind, and logs them at most once a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const LOG_INTERVAL: Duration = Duration::from_secs(1);

static UNLOGGED: Mutex<Unlogged> = Mutex::new(Unlogged { last_log: None, counts: BTreeMap::new() });

struct Unlogged {
    last_log: Option<Instant>,
    counts: BTreeMap<&'static str, u64>,
}

/// Counts a refusal in `abaci_http_refusals_total`. A flood of refusals is one line a second in the log.
pub fn record_refusal(kind: &'static str) {
    crate::metrics::record_refusal(kind);
    let mut unlogged = UNLOGGED.lock();
    *unlogged.counts.entry(kind).or_default() += 1;
    if unlogged.last_log.is_none_or(|last| last.elapsed() >= LOG_INTERVAL) {
        unlogged.last_log = Some(Instant::now());
        let counts = std::mem::take(&mut unlogged.counts);
        tracing::warn!(refused = ?counts, "refused by limits, since the last such line");
    }
}
