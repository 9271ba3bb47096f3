//! Server-Sent Events of `GET /api/events`.

use serde::{Deserialize, Serialize};

/// The event whose data is a [`CalculationBody`](crate::CalculationBody): it has changed state.
pub const EVENT_CALCULATION: &str = "calculation";
/// The event whose data is a [`ProgressEvent`].
pub const EVENT_PROGRESS: &str = "progress";
/// The event that says that events were lost: load the list again.
pub const EVENT_RESET: &str = "reset";

/// The progress of a running calculation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressEvent {
    /// The key: `F(1000)`.
    pub subject: String,
    /// The index n of the subject, or its modulus m, as text.
    pub index: String,
    /// Share of the work done, 0 to 1.
    pub progress: f64,
    /// Estimated time to the end, in milliseconds, while it can be estimated.
    pub remaining_ms: Option<u64>,
}

impl From<&model::ProgressReport> for ProgressEvent {
    fn from(report: &model::ProgressReport) -> Self {
        Self {
            subject: report.subject.to_string(),
            index: report.subject.argument(),
            progress: report.progress.fraction,
            remaining_ms: report.progress.remaining_ms,
        }
    }
}
