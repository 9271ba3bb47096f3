//! A progress bar for long computations.

use std::io::IsTerminal;
use std::time::Duration;

use fibonacci::Estimate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error, shown if that is a terminal and the work is long.
pub(crate) struct ProgressIndicator(ProgressBar);

/// Shorter work shows no bar.
const MIN_WORK: Duration = Duration::from_secs(1);
const PER_MILLE: u64 = 1_000;

impl ProgressIndicator {
    pub(crate) fn start(estimate: &Estimate) -> Self {
        if estimate.work <= MIN_WORK || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(PER_MILLE), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {elapsed} elapsed, {eta} left  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_message(format!("({} digits)", estimate.digits));
        Self(bar)
    }

    pub(crate) fn set(&self, fraction: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, and the bar shows no more than a per mille"
        )]
        self.0.set_position((fraction * PER_MILLE as f64) as u64);
    }

    /// Removes the bar, so that only the value is left on the terminal.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
