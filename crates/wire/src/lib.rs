//! The JSON of the HTTP API.
//!
//! The API writes it and the client reads it. Names and meanings never change. Members may be added; readers ignore
//! unknown ones.

mod calculation;
mod event;
mod found_digits;
mod number;
mod problem;
mod sequence;
mod submit;
mod system;
mod verification;

pub use calculation::{CalculationBody, CalculationList, FailureBody, Links};
pub use event::{EVENT_CALCULATION, EVENT_PROGRESS, EVENT_RESET, ProgressEvent};
pub use found_digits::FoundDigits;
pub use number::{Doubling, NearestFibonacci, NumberFacts, Period, PrimeFactor, PrimePower, Residue};
pub use problem::{Problem, ProblemKind, Shortened};
pub use sequence::{Polynomial, SequenceTerm};
pub use submit::{ASK_HEADER, Submitted};
pub use system::{LaneStatus, SystemStatus, WorkerStatus};
pub use verification::{ComparedFlag, ComparedText, ResidueCheck, VerificationBody};
