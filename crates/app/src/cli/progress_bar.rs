//! The form of progress bars, on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The length of a bar that shows a fraction.
pub(crate) const PER_MILLE: u64 = 1_000;
const DRAWS_PER_S: u8 = 5;

/// Shows a bar, from its start.
pub(crate) fn show(bar: &ProgressBar, length: u64, template: &str) {
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS_PER_S));
    bar.reset();
    bar.set_length(length);
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
}

/// Shows a bar of bytes, from its start.
pub(crate) fn show_bytes(bar: &ProgressBar, bytes: u64) {
    show(bar, bytes, "{wide_bar} {bytes} of {total_bytes}  {bytes_per_sec}, {eta} left");
}

/// Moves a bar of the length [`PER_MILLE`].
pub(crate) fn set_fraction(bar: &ProgressBar, fraction: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and the bar shows no more than a per mille"
    )]
    bar.set_position((fraction * PER_MILLE as f64) as u64);
}
