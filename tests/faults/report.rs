//! What was done to the system and what it made of it, as a table.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::Ledger;
use crate::verify::by_kind;

/// Figures of a run.
#[derive(Default)]
pub(crate) struct Report {
    kinds: BTreeMap<String, Kind>,
    takeovers: Vec<Duration>,
}

#[derive(Default)]
struct Kind {
    recoveries: Vec<Duration>,
    refused: u64,
}

impl Report {
    /// Adds a fault: how long after it the system worked, and how many submissions were refused meanwhile.
    pub(crate) fn add(&mut self, kind: String, recovery: Duration, refused: u64, takeover: Option<Duration>) {
        let kind = self.kinds.entry(kind).or_default();
        kind.recoveries.push(recovery);
        kind.refused += refused;
        self.takeovers.extend(takeover);
    }

    /// The longest time from the kill of a worker to its job running elsewhere.
    pub(crate) fn worst_takeover(&self) -> Option<Duration> {
        self.takeovers.iter().max().copied()
    }

    /// Prints everything.
    pub(crate) fn print(&self, ledger: &Ledger) {
        println!("{:<62} {:>5} {:>9} {:>9} {:>8}", "fault", "count", "median s", "worst s", "refused");
        for (name, kind) in &self.kinds {
            let (median, worst) = spread(&kind.recoveries);
            println!("{name:<62} {:>5} {median:>9.2} {worst:>9.2} {:>8}", kind.recoveries.len(), kind.refused);
        }
        let recoveries: Vec<Duration> = self.kinds.values().flat_map(|kind| kind.recoveries.clone()).collect();
        let (median, worst) = spread(&recoveries);
        println!("{:<62} {:>5} {median:>9.2} {worst:>9.2} {:>8}", "all", recoveries.len(), ledger.refused());
        if !self.takeovers.is_empty() {
            let (median, worst) = spread(&self.takeovers);
            let count = self.takeovers.len();
            println!(
                "from kill -9 of a worker to its job running elsewhere: {count} times, median {median:.2} s, worst {worst:.2} s"
            );
        }
        println!("answers to submissions (0: none): {:?}", ledger.answers());
        let violations = ledger.violations();
        let kinds = by_kind(&violations);
        let count = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
        println!(
            "accepted {}, lost {}, wrong {}, changed {}, double {}, taken back {}, stale {}, stuck {}",
            ledger.accepted().len(),
            count("lost"),
            count("wrong"),
            count("changed"),
            count("double"),
            count("taken back"),
            count("stale"),
            count("stuck"),
        );
    }
}

/// Median and maximum, in seconds.
fn spread(durations: &[Duration]) -> (f64, f64) {
    let mut sorted = durations.to_vec();
    sorted.sort();
    let at = |index: usize| sorted.get(index).map_or(f64::NAN, Duration::as_secs_f64);
    (at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}
