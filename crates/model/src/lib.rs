//! The domain types of Abaci: calculations, their values, jobs, events and workers.
//!
//! Nothing here depends on HTTP, SQL, Redis or the computation of Fibonacci numbers.

mod ask;
mod calculation;
mod clock;
mod digest;
mod epoch;
mod event;
mod expression;
mod failure;
#[cfg(test)]
mod fuzzing;
mod index;
mod job;
mod lane;
mod lease;
mod serde_as_text;
mod status;
mod subject;
mod submitter;
mod text_enum;
mod trace;
mod worker;

pub use ask::{AskToken, AskTokenError};
pub use calculation::{Calculation, CalculationId, CalculationState, Progress, Value, ValueState};
pub use clock::{Clock, Timestamp, TimestampError};
pub use digest::{Sha256, Sha256Error};
pub use epoch::new_epoch;
pub use event::{CalculationEvent, ProgressReport};
pub use expression::{Expression, ExpressionError, UnexpectedToken};
pub use failure::{Failure, FailureReason, UnknownReason, WaitingFor};
pub use index::{Index, IndexError};
pub use job::{JOB_VERSION, Job};
pub use lane::{LEASED_ABOVE, Lane, UnknownLane};
pub use lease::lease_after_losses;
pub use status::{Status, UnknownStatus};
pub use subject::{Subject, SubjectError};
pub use submitter::{Submitter, SubmitterError};
pub use trace::{TraceContext, TraceContextError};
pub use worker::{WorkerId, WorkerReport};

/// A cause of an error, kept for the log and never sent out.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
