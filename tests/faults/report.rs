//! The report of a campaign.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audit::{Audit, by_kind};
use crate::ledger::Ledger;

/// The measurements of a campaign.
#[derive(Default)]
pub(crate) struct Report {
    faults: BTreeMap<String, FaultFigures>,
    takeovers: Vec<Duration>,
}

#[derive(Default)]
struct FaultFigures {
    recoveries: Vec<Duration>,
    refused: u64,
}

impl Report {
    /// Adds a fault: the time from its end to a new value, and the number of submissions not accepted meanwhile.
    pub(crate) fn add(&mut self, fault: String, recovery: Duration, refused: u64, takeover: Option<Duration>) {
        let figures = self.faults.entry(fault).or_default();
        figures.recoveries.push(recovery);
        figures.refused += refused;
        self.takeovers.extend(takeover);
    }

    /// Returns the longest time from the kill of a worker to its job running on another.
    pub(crate) fn worst_takeover(&self) -> Option<Duration> {
        self.takeovers.iter().max().copied()
    }

    /// Prints the table.
    pub(crate) fn print(&self, ledger: &Ledger, audit: &Audit) {
        println!("{:<60} {:>5} {:>7} {:>7} {:>7} {:>8}", "fault", "count", "p50 s", "p99 s", "worst s", "refused");
        let row = |name: &str, recoveries: &[Duration], refused: u64| {
            let [p50, p99, worst] = percentiles(recoveries);
            println!("{name:<60} {:>5} {p50:>7.2} {p99:>7.2} {worst:>7.2} {refused:>8}", recoveries.len());
        };
        for (name, figures) in &self.faults {
            row(name, &figures.recoveries, figures.refused);
        }
        let all: Vec<Duration> = self.faults.values().flat_map(|figures| figures.recoveries.clone()).collect();
        row("all", &all, ledger.refused());
        if !self.takeovers.is_empty() {
            let [p50, _, worst] = percentiles(&self.takeovers);
            let count = self.takeovers.len();
            println!("takeover after kill -9 of a worker: {count} times, p50 {p50:.2} s, worst {worst:.2} s");
        }
        println!("submissions by response status (0: no response): {:?}", ledger.responses());
        let violations = ledger.violations();
        let kinds = by_kind(&violations);
        let count = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
        println!("accepted                  {}", ledger.accepted().len());
        println!("values compared           {}", ledger.compared());
        println!("missing                   {}", count("missing"));
        println!("stored without a response {}", audit.stored_without_response);
        println!("refused and stored        {}", audit.refused_and_stored);
        println!("wrong bytes               {}", count("wrong") + count("value changed"));
        println!("final states changed      {}", count("final state changed") + count("taken back"));
        println!("not settled after 60 s    {}", count("not settled") + count("stuck"));
        println!("failures by reason        {:?}", audit.failures);
        println!("violations by kind        {kinds:?}");
    }
}

/// Returns the median, the 99th percentile and the maximum, in seconds.
fn percentiles(durations: &[Duration]) -> [f64; 3] {
    let mut sorted = durations.to_vec();
    sorted.sort();
    [50, 99, 100].map(|percent| {
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(f64::NAN, Duration::as_secs_f64)
    })
}
