//! What happened in the last minute, as this process saw it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::Subject;

const WINDOW: Duration = Duration::from_secs(60);
/// So many moments are kept of each kind. Above about 70 a second the window is shorter than a minute.
const MAX_MOMENTS: usize = 4_096;
/// So many acceptances are remembered until their end is heard of.
const MAX_PENDING: usize = 10_000;

/// Acceptances and ends of the last minute.
#[derive(Default)]
pub(crate) struct Rates(Mutex<Moments>);

#[derive(Default)]
struct Moments {
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

impl Rates {
    /// A calculation was entered into the record.
    pub(crate) fn accepted(&self, subject: &Subject, at: Instant) {
        let mut moments = self.moments();
        push(&mut moments.accepted, at);
        if moments.pending.len() < MAX_PENDING {
            moments.pending.insert(subject.clone(), at);
        }
    }

    /// A calculation was heard to have ended; its value is known if it is `done`.
    pub(crate) fn finished(&self, subject: &Subject, done: bool, at: Instant) {
        let mut moments = self.moments();
        push(&mut moments.finished, at);
        if let Some(accepted) = moments.pending.remove(subject)
            && done
        {
            push(&mut moments.latencies, (at, at.saturating_duration_since(accepted)));
        }
    }

    /// The figures as of `now`.
    pub(crate) fn last_minute(&self, now: Instant) -> LastMinute {
        let moments = self.moments();
        let recent = |at: &&Instant| now.saturating_duration_since(**at) < WINDOW;
        let per_s = |of: &VecDeque<Instant>| {
            // A full ring may hold less than a minute: then the rate is over what it holds.
            let span = match of.front() {
                Some(first) if of.len() == MAX_MOMENTS => now.saturating_duration_since(*first).min(WINDOW),
                _ => WINDOW,
            };
            let count = u32::try_from(of.iter().filter(recent).count()).unwrap_or(u32::MAX);
            f64::from(count) / span.as_secs_f64().max(0.001)
        };
        let mut latencies: Vec<Duration> =
            moments.latencies.iter().filter(|(at, _)| recent(&at)).map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        LastMinute {
            accepted_per_s: per_s(&moments.accepted),
            finished_per_s: per_s(&moments.finished),
            latency_p50: percentile(&latencies, 50),
            latency_p99: percentile(&latencies, 99),
        }
    }

    /// No call leaves the moments half changed.
    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push<T>(moments: &mut VecDeque<T>, moment: T) {
    if moments.len() >= MAX_MOMENTS {
        moments.pop_front();
    }
    moments.push_back(moment);
}

/// The smallest that at least so many per cent do not exceed.
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
        let rates = Rates::default();
        let start = Instant::now();
        for n in 0..120_u64 {
            let subject = Subject::from(Index::new(i64::try_from(n).expect("small")));
            let at = start + Duration::from_secs(n);
            rates.accepted(&subject, at);
            rates.finished(&subject, true, at + Duration::from_millis(n));
        }
        let figures = rates.last_minute(start + Duration::from_millis(119_200));
        assert_eq!(figures.accepted_per_s, 1.0);
        assert_eq!(figures.finished_per_s, 1.0);
        assert_eq!(figures.latency_p50, Some(Duration::from_millis(89)));
        assert_eq!(figures.latency_p99, Some(Duration::from_millis(119)));
    }

    #[test]
    fn without_news_there_are_no_latencies() {
        let figures = Rates::default().last_minute(Instant::now());
        assert_eq!(figures.accepted_per_s, 0.0);
        assert_eq!(figures.latency_p50, None);
    }

    #[test]
    fn a_burst_is_not_spread_over_a_minute_it_did_not_take() {
        let rates = Rates::default();
        let start = Instant::now();
        for n in 0..10_000 {
            rates.accepted(&Index::new(n).into(), start + Duration::from_millis(n.unsigned_abs()));
        }
        let figures = rates.last_minute(start + Duration::from_secs(10));
        assert!((990.0..=1_010.0).contains(&figures.accepted_per_s), "{}", figures.accepted_per_s);
        assert!(rates.moments().pending.len() <= MAX_PENDING);
    }
}
