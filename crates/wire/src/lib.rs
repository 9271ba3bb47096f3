//! The JSON of the HTTP API.
//!
//! The API writes it and the client reads it. Names and meanings never change. Members may be added; readers ignore
//! unknown ones.

mod calculation;
mod counted_digits;
mod estimate;
mod event;
mod found_digits;
mod limit;
mod modulus;
mod number;
mod problem;
mod representation;
mod sequence;
mod structure;
mod submit;
mod system;
mod verification;

pub use calculation::{CalculationBody, CalculationList, FailureBody, Links, ValueResidue};
pub use counted_digits::CountedDigits;
pub use estimate::EstimateBody;
pub use event::{EVENT_CALCULATION, EVENT_PROGRESS, EVENT_RESET, ProgressEvent};
pub use found_digits::FoundDigits;
pub use limit::{ConvergentBody, PhiDigits, RatioDigits};
pub use modulus::{ModulusPeriod, ResidueSequence};
pub use number::{Doubling, NearestFibonacci, NumberFacts, Period, PrimeFactor, PrimePower, Residue};
pub use problem::{Problem, ProblemKind, Shortened};
pub use representation::{FibonacciIndex, GoldenCharacters, IndexSum, Representation, WythoffBody};
pub use sequence::{Polynomial, SequenceTerm};
pub use structure::{
    DigitCounts, DivisorList, FactorPart, Factorization, KnownPrime, KnownPrimes, PrimalityBody, PrimalityMethodBody,
};
pub use submit::{ASK_HEADER, Submitted};
pub use system::{LaneStatus, SystemStatus, WorkerStatus};
pub use verification::{ComparedFlag, ComparedText, ResidueCheck, VerificationBody};
