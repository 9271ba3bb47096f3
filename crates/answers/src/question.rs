//! The shape of all questions, and the rule for which are answered at once.

use std::fmt;
use std::time::Duration;

use dashu_int::ops::{BitTest, UnsignedAbs};
use fibonacci::{IBig, IndexOfError, MAX_FACTOR_INDEX, MAX_PHI_DIGITS, SequenceError, UBig};
use model::Subject;
use serde::Serialize;

/// The processor time up to which a question is answered at once, on the machine of [`fibonacci::price`].
pub const MAX_AT_ONCE: Duration = Duration::from_millis(20);

/// A question with its arguments.
pub trait Question: Send + 'static {
    /// The JSON of the answer.
    type Answer: Serialize + Send;

    /// Returns the argument that the price grows with.
    fn size(&self) -> Size;

    /// Returns the price if that argument had another value. It never falls as the value grows.
    fn price_at(&self, value: u128) -> Duration;

    /// Returns the subject of the calculation whose value is the answer or has it, if there is one.
    fn calculation(&self) -> Option<Subject> {
        None
    }

    /// Returns what follows the address of the value to make that of the answer.
    fn value_part(&self) -> &'static str {
        ""
    }

    /// Answers, however long that takes.
    ///
    /// # Errors
    /// [`QuestionError`] for arguments that have no answer.
    fn answer(&self) -> Result<Self::Answer, QuestionError>;

    /// Checks that the price is at most [`MAX_AT_ONCE`].
    ///
    /// # Errors
    /// [`TooExpensive`] with the largest value of the argument that is answered at once.
    fn check_price(&self) -> Result<(), TooExpensive> {
        let size = self.size();
        let price = self.price_at(size.given);
        if price <= MAX_AT_ONCE {
            return Ok(());
        }
        let (mut fitting, mut too_large) = (0, size.given);
        while too_large - fitting > 1 {
            let middle = fitting.midpoint(too_large);
            if self.price_at(middle) <= MAX_AT_ONCE { fitting = middle } else { too_large = middle }
        }
        Err(TooExpensive {
            size,
            price,
            largest: fitting,
            calculation: self.calculation().map(Box::new),
            value_part: self.value_part(),
        })
    }
}

/// The argument of a question that its price grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The name of the argument.
    pub argument: &'static str,
    /// The measured quantity.
    pub measure: Measure,
    /// Its value.
    pub given: u128,
}

/// The quantity of an argument that its price grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The number itself.
    Number,
    /// Its magnitude.
    Magnitude,
    /// Its digits.
    Digits,
}

/// Error for a question that is too expensive to be answered at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, got {} for {}", self.allowed(), self.given(), PriceText(self.price))]
pub struct TooExpensive {
    /// The argument and its value.
    pub size: Size,
    /// The price.
    pub price: Duration,
    /// The largest value of the argument that is answered at once, with the other arguments as they are.
    pub largest: u128,
    /// The subject of the calculation whose value is the answer or has it, if there is one.
    pub calculation: Option<Box<Subject>>,
    /// What follows the address of the value to make that of the answer.
    pub value_part: &'static str,
}

impl TooExpensive {
    /// Returns what was given.
    pub fn given(&self) -> String {
        match self.size {
            Size { measure: Measure::Magnitude, given: u128::MAX, .. } => "a larger number".to_owned(),
            Size { measure: Measure::Digits, given, .. } => format!("{given} digits"),
            Size { given, .. } => given.to_string(),
        }
    }

    /// Returns what is allowed.
    pub fn allowed(&self) -> String {
        let largest = self.largest;
        match self.size.measure {
            Measure::Number => format!("up to {largest}"),
            Measure::Magnitude => format!("-{largest} to {largest}"),
            Measure::Digits => format!("up to {largest} digits"),
        }
    }

    /// Returns what it would cost, what is spent at once, and where it is answered.
    pub fn detail(&self) -> String {
        let elsewhere = match &self.calculation {
            Some(subject) if self.value_part.is_empty() => {
                format!("Submit {subject} as a calculation; /api/estimates/{} has what that takes.", subject.path())
            }
            Some(subject) => {
                let (path, part) = (subject.path(), self.value_part);
                format!("Submit {subject} as a calculation, then read /api/calculations/{path}/value{part}.")
            }
            None => "The command line has no limit of time.".to_owned(),
        };
        format!(
            "An answer at once would take {} of processor time, and {} ms are allowed. {elsewhere}",
            PriceText(self.price),
            MAX_AT_ONCE.as_millis()
        )
    }
}

/// A price with two significant digits.
struct PriceText(Duration);

impl fmt::Display for PriceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            ..1.0 => write!(f, "about {:.0} ms", seconds * 1e3),
            1.0..100.0 => write!(f, "about {seconds:.1} s"),
            100.0..1e4 => write!(f, "about {seconds:.0} s"),
            1e4..1e6 => write!(f, "about {:.0} hours", seconds / 3_600.0),
            _ => f.write_str("more than ten days"),
        }
    }
}

/// Error for arguments that have no answer.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The sequence has no value to deliver.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// The text is not a number, or its index cannot be checked.
    #[error(transparent)]
    Index(#[from] IndexOfError),
    /// The index is beyond those whose factors are computed.
    #[error("expected an index up to {MAX_FACTOR_INDEX}, half of that for Lucas numbers, got {given}")]
    FactorIndex {
        /// The index.
        given: u32,
    },
    /// More places of φ or of a ratio than one answer has.
    #[error("expected up to {MAX_PHI_DIGITS} places, got {given}")]
    Places {
        /// The places.
        given: u64,
    },
    /// F(1)/F(0) does not exist.
    #[error("expected an index above 0")]
    ZeroIndex,
    /// The value was not delivered.
    #[error(transparent)]
    Value(#[from] fibonacci::Error),
}

/// Returns |n|, or the largest number if it is larger.
pub(crate) fn magnitude(n: &IBig) -> u128 {
    u128::try_from(n.clone().unsigned_abs()).unwrap_or(u128::MAX)
}

/// Returns the number of decimal digits, or one more.
pub(crate) fn digits(number: &UBig) -> u128 {
    ((number.bit_len() as u128 * 1_233) >> 12) + 1
}

/// Returns the bits of the largest number of that many digits, or a few more.
pub(crate) fn bits_of_digits(digits: u128) -> usize {
    usize::try_from(digits.saturating_mul(3_322) / 1_000 + 1).unwrap_or(usize::MAX)
}
