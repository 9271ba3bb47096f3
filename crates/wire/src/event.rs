//! Server-Sent Events of `GET /api/events`.

use serde::{Deserialize, Serialize};

/// The event whose data is a [`CalculationBody`](crate::CalculationBody): it stands differently now.
pub const EVENT_CALCULATION: &str = "calculation";
/// The event whose data is a [`ProgressEvent`].
pub const EVENT_PROGRESS: &str = "progress";
/// The event that says: something was missed, load the record again.
pub const EVENT_RESET: &str = "reset";

/// How far a running calculation is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressEvent {
    /// The key: `F(1000)`.
    pub subject: String,
    /// The index, as text.
    pub index: String,
    /// Share of the work done, 0 to 1.
    pub progress: f64,
    /// What the rest will take, while that can be told.
    pub remaining_ms: Option<u64>,
}

impl From<&model::ProgressReport> for ProgressEvent {
    fn from(report: &model::ProgressReport) -> Self {
        Self {
            subject: report.subject.to_string(),
            index: report.subject.index().to_string(),
            progress: report.progress.fraction,
            remaining_ms: report.progress.remaining_ms,
        }
    }
}
