//! The subject of a calculation, as one canonical text: `F(1000)`.

use std::fmt;
use std::str::FromStr;

use crate::serde_as_text::serde_as_text;
use crate::{Index, IndexError};

/// The key of a calculation. One subject has one row, one computation, one value.
///
/// More kinds may come (`L(1000)`, `U(3,-1,500)`); the text is what is stored, queued and cached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// F(n), the Fibonacci number at an index.
    Fibonacci(Index),
}

/// Error for a text that is not a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Not a kind that this version knows; a newer version may.
    #[error("unknown kind of subject")]
    UnknownKind,
    /// The text between the brackets is not an index.
    #[error("bad index in a subject: {0}")]
    Index(#[from] IndexError),
}

impl Subject {
    /// Returns the index n of F(n).
    pub fn index(&self) -> Index {
        match self {
            Self::Fibonacci(index) => *index,
        }
    }
}

impl From<Index> for Subject {
    fn from(index: Index) -> Self {
        Self::Fibonacci(index)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fibonacci(index) => write!(f, "F({index})"),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let index = text.strip_prefix("F(").and_then(|rest| rest.strip_suffix(')'));
        Ok(Self::Fibonacci(index.ok_or(SubjectError::UnknownKind)?.parse()?))
    }
}

serde_as_text!(Subject);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_round_trips() {
        for n in [0, 7, -8, i64::MIN, i64::MAX] {
            let subject = Subject::from(Index::new(n));
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in ["", "F", "F(", "F()", "F(07)", "f(7)", "L(7)", "F(7) ", "F((7))"] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
    }
}
