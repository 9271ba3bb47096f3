//! Statistics of durations.

use std::time::Duration;

/// Durations of repetitions.
#[derive(Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds a duration.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Returns a percentile.
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().checked_sub(1).expect("at least one sample");
        self.0[(self.0.len() * percent / 100).min(last)]
    }

    /// Returns a percentile in milliseconds.
    pub fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() * 1e3
    }

    /// Returns median, 99th percentile and maximum in milliseconds.
    pub fn summary(&mut self) -> String {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let (median, p99, worst) = (self.percentile(50), self.percentile(99), self.percentile(100));
        format!("median {:.2} ms, p99 {:.2} ms, worst {:.2} ms", ms(median), ms(p99), ms(worst))
    }
}

impl Extend<Duration> for Samples {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, durations: I) {
        self.0.extend(durations);
    }
}

impl IntoIterator for Samples {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}
