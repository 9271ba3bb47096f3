//! Questions about Fibonacci numbers: their arguments with limits, their prices, and their answers as JSON.
//!
//! The API and the command line share them, so both have the same limits and give the same JSON. A [`Question`] has
//! its arguments; its price is known before it is answered.

mod family;
mod limit;
mod modulus;
mod primality;
mod question;
mod representation;
mod sequence;
mod structure;
mod value_residues;

pub use family::Family;
pub use limit::{ConvergentQuestion, PhiQuestion, RatioQuestion};
pub use modulus::{PeriodQuestion, ResiduesQuestion, prime_powers};
pub use primality::{PrimalityQuestion, known_primes, primality_method, primality_name};
pub use question::{MAX_AT_ONCE, Measure, Question, QuestionError, Size, TooExpensive};
pub use representation::{
    GoldenStringQuestion, RecognitionQuestion, RepresentationQuestion, SumForm, SumQuestion, WythoffQuestion,
};
pub use sequence::{PolynomialQuestion, Sequence, SequenceQuestion};
pub use structure::{DigitsQuestion, DivisorsQuestion, FactorsQuestion};
pub use value_residues::{RESIDUE_MODULI, value_residues};

/// The most digits of an index.
pub const MAX_INDEX_DIGITS: usize = 1_001;

/// The most digits of a modulus.
pub const MAX_MODULUS_DIGITS: usize = 10_000;
