//! Events about calculations.

use serde::{Deserialize, Serialize};

use crate::{Calculation, Progress, Subject};

/// An event about a calculation, sent to every subscriber.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "event")]
pub enum CalculationEvent {
    /// The calculation changed state.
    Calculation(Box<Calculation>),
    /// It made progress. May be lost: the next one replaces it.
    Progress(ProgressReport),
}

/// The progress of the computation of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressReport {
    /// The subject.
    pub subject: Subject,
    /// The progress.
    #[serde(flatten)]
    pub progress: Progress,
}

impl CalculationEvent {
    /// Returns the subject.
    pub const fn subject(&self) -> &Subject {
        match self {
            Self::Calculation(calculation) => &calculation.subject,
            Self::Progress(report) => &report.subject,
        }
    }
}
