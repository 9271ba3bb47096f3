//! Questions about Fibonacci numbers: what each may be asked with, what it costs, and its answer as JSON.
//!
//! The API and the command line share them, so both have the same limits and give the same JSON. A [`Question`] has
//! its arguments; its price is known before it is answered.

mod question;
mod sequence;

pub use question::{MAX_AT_ONCE, Measure, Question, QuestionError, Size, TooExpensive};
pub use sequence::{PolynomialQuestion, Sequence, SequenceQuestion};

/// The most digits of an index.
pub const MAX_INDEX_DIGITS: usize = 1_001;

/// The most digits of a modulus.
pub const MAX_MODULUS_DIGITS: usize = 10_000;
