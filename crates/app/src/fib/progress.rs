//! A bar for people who wait.

use std::io::IsTerminal;
use std::time::Duration;

use fibonacci::Estimate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far the computation is, shown on standard error if that is a terminal and the work is long.
pub(crate) struct Progress(ProgressBar);

/// Work below this is over before a bar could be read.
const SHOWN_ABOVE: Duration = Duration::from_secs(1);
const PER_MILLE: u64 = 1_000;

impl Progress {
    pub(crate) fn begin(estimate: &Estimate) -> Self {
        if estimate.work <= SHOWN_ABOVE || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(PER_MILLE), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {elapsed} gone, {eta} to go  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_message(format!("({} digits)", estimate.digits));
        Self(bar)
    }

    pub(crate) fn set(&self, fraction: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float is cut to the range of the integer, and a bar shows no more than a per mille"
        )]
        self.0.set_position((fraction * PER_MILLE as f64) as u64);
    }

    /// Takes the bar away, so that nothing but the value is left to see.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
