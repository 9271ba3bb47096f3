//! A progress bar for long computations.

use std::time::Duration;

use fibonacci::Estimate;
use indicatif::ProgressBar;

use crate::cli::progress_bar::{PER_MILLE, set_fraction, show};

/// A progress bar, shown if the work is long.
pub(crate) struct ProgressIndicator(ProgressBar);

/// Shorter work shows no bar.
const MIN_WORK: Duration = Duration::from_secs(1);

impl ProgressIndicator {
    pub(crate) fn start(estimate: &Estimate) -> Self {
        let bar = ProgressBar::hidden();
        if estimate.work > MIN_WORK {
            show(&bar, PER_MILLE, "{wide_bar} {percent:>3} %  {elapsed} elapsed, {eta} left  {msg}");
            bar.set_message(format!("({} digits)", estimate.digits));
        }
        Self(bar)
    }

    pub(crate) fn set(&self, fraction: f64) {
        set_fraction(&self.0, fraction);
    }

    /// Removes the bar, so that only the value is left on the terminal.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
