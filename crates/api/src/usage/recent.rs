//! Statistics of the last minute, as this process saw it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use model::Subject;
use parking_lot::Mutex;

const WINDOW: Duration = Duration::from_secs(60);
/// Samples kept of each kind. Above about 70 a second the window is shorter than a minute.
const MAX_SAMPLES: usize = 4_096;
/// Accepted calculations whose end is awaited.
const MAX_PENDING: usize = 10_000;

/// Accepted and finished calculations of the last minute.
#[derive(Default)]
pub(crate) struct RecentStats(Mutex<RecentSamples>);

#[derive(Default)]
struct RecentSamples {
    accepted: VecDeque<Instant>,
    finished: VecDeque<Instant>,
    latencies: VecDeque<(Instant, Duration)>,
    pending: HashMap<Subject, Instant>,
}

/// Figures of the last minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LastMinute {
    pub(crate) accepted_per_s: f64,
    pub(crate) finished_per_s: f64,
    pub(crate) latency_p50: Option<Duration>,
    pub(crate) latency_p99: Option<Duration>,
}

impl RecentStats {
    /// Records that a calculation was stored.
    pub(crate) fn record_accepted(&self, subject: &Subject, at: Instant) {
        let mut samples = self.0.lock();
        push(&mut samples.accepted, at);
        if samples.pending.len() < MAX_PENDING {
            samples.pending.insert(subject.clone(), at);
        }
    }

    /// Records the event that a calculation ended, with a value if it is `done`.
    pub(crate) fn record_finished(&self, subject: &Subject, done: bool, at: Instant) {
        let mut samples = self.0.lock();
        push(&mut samples.finished, at);
        if let Some(accepted) = samples.pending.remove(subject)
            && done
        {
            push(&mut samples.latencies, (at, at.saturating_duration_since(accepted)));
        }
    }

    /// Returns the figures of the minute before `now`.
    pub(crate) fn last_minute(&self, now: Instant) -> LastMinute {
        let samples = self.0.lock();
        let recent = |at: &&Instant| now.saturating_duration_since(**at) < WINDOW;
        let per_s = |of: &VecDeque<Instant>| {
            // A full buffer may span less than a minute: then the rate is over its span.
            let span = match of.front() {
                Some(first) if of.len() == MAX_SAMPLES => now.saturating_duration_since(*first).min(WINDOW),
                _ => WINDOW,
            };
            let count = u32::try_from(of.iter().filter(recent).count()).unwrap_or(u32::MAX);
            f64::from(count) / span.as_secs_f64().max(0.001)
        };
        let mut latencies: Vec<Duration> =
            samples.latencies.iter().filter(|(at, _)| recent(&at)).map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        LastMinute {
            accepted_per_s: per_s(&samples.accepted),
            finished_per_s: per_s(&samples.finished),
            latency_p50: percentile(&latencies, 50),
            latency_p99: percentile(&latencies, 99),
        }
    }
}

fn push<T>(samples: &mut VecDeque<T>, sample: T) {
    if samples.len() >= MAX_SAMPLES {
        samples.pop_front();
    }
    samples.push_back(sample);
}

/// Returns the smallest value that `percent` of the values do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Index;

    #[test]
    fn only_the_last_minute_counts() {
        let stats = RecentStats::default();
        let start = Instant::now();
        for n in 0..120_u64 {
            let subject = Subject::from(Index::new(i64::try_from(n).expect("small")));
            let at = start + Duration::from_secs(n);
            stats.record_accepted(&subject, at);
            stats.record_finished(&subject, true, at + Duration::from_millis(n));
        }
        let figures = stats.last_minute(start + Duration::from_millis(119_200));
        assert_eq!(figures.accepted_per_s, 1.0);
        assert_eq!(figures.finished_per_s, 1.0);
        assert_eq!(figures.latency_p50, Some(Duration::from_millis(89)));
        assert_eq!(figures.latency_p99, Some(Duration::from_millis(119)));
    }

    #[test]
    fn without_events_there_are_no_latencies() {
        let figures = RecentStats::default().last_minute(Instant::now());
        assert_eq!(figures.accepted_per_s, 0.0);
        assert_eq!(figures.latency_p50, None);
    }

    #[test]
    fn a_burst_is_not_spread_over_a_whole_minute() {
        let stats = RecentStats::default();
        let start = Instant::now();
        for n in 0..10_000 {
            stats.record_accepted(&Index::new(n).into(), start + Duration::from_millis(n.unsigned_abs()));
        }
        let figures = stats.last_minute(start + Duration::from_secs(10));
        assert!((990.0..=1_010.0).contains(&figures.accepted_per_s), "{}", figures.accepted_per_s);
        assert!(stats.0.lock().pending.len() <= MAX_PENDING);
    }
}
