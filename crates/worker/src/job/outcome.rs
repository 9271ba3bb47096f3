//! The outcome of processing a job.

use std::time::Duration;

use model::{Calculation, CalculationState, FailureReason, Subject};

use crate::WorkerError;

/// The outcome of processing a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The subject of the job.
    pub subject: Subject,
    /// Its kind.
    pub kind: OutcomeKind,
}

/// The kinds of outcomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Computed and stored.
    Completed,
    /// Its value had been stored before.
    AlreadyCompleted,
    /// It met an error and will be redelivered.
    Retried {
        /// The pause before it can be claimed again.
        after: Duration,
    },
    /// Returned for other workers: this one shuts down or has no free memory.
    Released,
    /// All who submitted it have withdrawn.
    Cancelled,
    /// The calculation failed for good.
    Failed {
        /// Why.
        reason: FailureReason,
    },
    /// Another worker holds the lease; the job is redelivered when that has expired.
    LeasedElsewhere,
    /// The lease of this worker expired while it computed.
    LeaseLost,
    /// The store has no such calculation.
    Unknown,
}

/// The result of a step of a job; an error ends the processing.
pub(super) type JobResult<T> = Result<T, JobEnd>;

/// The reasons that end the processing of a job before its last step.
pub(super) enum JobEnd {
    /// The job is settled for now.
    Outcome(OutcomeKind),
    /// A port or the system failed.
    Error(WorkerError),
}

impl From<OutcomeKind> for JobEnd {
    fn from(kind: OutcomeKind) -> Self {
        Self::Outcome(kind)
    }
}

impl From<WorkerError> for JobEnd {
    fn from(error: WorkerError) -> Self {
        Self::Error(error)
    }
}

impl OutcomeKind {
    /// Returns the outcome for the job of a calculation that was finished already.
    pub(super) fn of_finished(calculation: &Calculation) -> Self {
        match &calculation.state {
            CalculationState::Cancelled { .. } => Self::Cancelled,
            CalculationState::Failed { failure, .. } => Self::Failed { reason: failure.reason },
            _ => Self::AlreadyCompleted,
        }
    }

    /// Returns whether nothing of the job is left to do.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::AlreadyCompleted | Self::Cancelled | Self::Failed { .. })
    }

    /// Returns the word used in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::AlreadyCompleted => "already-completed",
            Self::Retried { .. } => "retried",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
            Self::Failed { .. } => "failed",
            Self::LeasedElsewhere => "leased-elsewhere",
            Self::LeaseLost => "lease-lost",
            Self::Unknown => "unknown",
        }
    }
}
