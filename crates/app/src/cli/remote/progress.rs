//! The progress bar of a calculation or a download.

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar};
use model::Status;
use wire::{CalculationBody, ProgressEvent};

use super::events::CalculationChange;
use crate::cli::progress_bar::{PER_MILLE, set_fraction, show};

/// Shows a calculation on the bar, which is drawn only if standard error is a terminal.
pub(super) fn start_calculation(bar: &ProgressBar, subject: &str) {
    show(bar, PER_MILLE, "{msg}  {wide_bar} {percent:>3} %  {elapsed} elapsed{prefix}");
    bar.set_message(subject.to_owned());
    bar.enable_steady_tick(Duration::from_millis(500));
}

/// Shows a change.
pub(super) fn show_calculation(bar: &ProgressBar, change: &CalculationChange) {
    let (message, fraction, remaining_ms) = match change {
        CalculationChange::State(calculation) => {
            let CalculationBody { subject, status, progress, remaining_ms, .. } = &**calculation;
            let fraction = if *status == Status::Done { Some(1.0) } else { *progress };
            (format!("{subject} {status}"), fraction, *remaining_ms)
        }
        CalculationChange::Progress(ProgressEvent { subject, progress, remaining_ms, .. }) => {
            (format!("{subject} {}", Status::Running), Some(*progress), *remaining_ms)
        }
        CalculationChange::Reset => return,
    };
    bar.set_message(message);
    set_fraction(bar, fraction.unwrap_or(0.0));
    let left = remaining_ms.map(|ms| format!(", {} left", HumanDuration(Duration::from_millis(ms))));
    bar.set_prefix(left.unwrap_or_default());
}
