//! What is announced to everybody who watches.

use serde::{Deserialize, Serialize};

use crate::{Calculation, Progress, Subject};

/// News of a calculation, on its way from where it happened to every open page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "event")]
pub enum CalculationEvent {
    /// It stands differently now.
    Calculation(Box<Calculation>),
    /// It is further. Lost without harm: the next one says more.
    Progress(ProgressReport),
}

/// How far the computation of a subject is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressReport {
    /// Which one.
    pub subject: Subject,
    /// How far.
    #[serde(flatten)]
    pub progress: Progress,
}

impl CalculationEvent {
    /// Whom it is about.
    pub const fn subject(&self) -> &Subject {
        match self {
            Self::Calculation(calculation) => &calculation.subject,
            Self::Progress(report) => &report.subject,
        }
    }
}
