//! A subject as an argument: its numbers may be expressions.

use std::str::FromStr;

use model::{Expression, ExpressionError, Subject, SubjectError};

use super::number::{BigIndex, NumberArgumentError};

/// A subject other than F(n), such as `L(1e6)` or `U(3,-1,2^10)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubjectArgument(pub(crate) Subject);

/// Error for a text that is not a subject.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectArgumentError {
    /// A number is not an expression.
    #[error(transparent)]
    Number(#[from] NumberArgumentError),
    /// The index is not an expression.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// No such subject.
    #[error(transparent)]
    Subject(#[from] SubjectError),
}

impl SubjectArgument {
    /// Returns whether a text can only be meant as a subject: no expression begins with a letter.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
    }
}

impl FromStr for SubjectArgument {
    type Err = SubjectArgumentError;

    fn from_str(text: &str) -> Result<Self, SubjectArgumentError> {
        let inner = text.strip_suffix(')').and_then(|text| text.split_once('('));
        let (kind, numbers) = inner.ok_or(SubjectError::UnknownKind)?;
        let numbers = numbers.split(',').map(|number| number.parse::<BigIndex>());
        let numbers = numbers.map(|number| number.map(|number| number.get().to_string()));
        let numbers: Vec<String> = numbers.collect::<Result<_, NumberArgumentError>>()?;
        Ok(Self(format!("{kind}({})", numbers.join(",")).parse()?))
    }
}

/// Parses an expression or a subject.
pub(crate) fn parse_subject(text: &str) -> Result<Subject, SubjectArgumentError> {
    if SubjectArgument::is_meant(text) {
        text.parse().map(|SubjectArgument(subject)| subject)
    } else {
        Ok(text.parse::<Expression>()?.index().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_subject_may_be_expressions() {
        for (text, expected) in [
            ("L(1e6)", "L(1000000)"),
            ("U(3, -1, 2^10)", "U(3,-1,1024)"),
            ("F(2*(3+4))", "F(14)"),
            ("T(3,1e6)", "T(3,1000000)"),
            ("Phi(1e6)", "Phi(1000000)"),
            ("P(2^64+1)", "P(18446744073709551617)"),
        ] {
            assert_eq!(text.parse::<SubjectArgument>().expect(text).0.to_string(), expected);
        }
        for text in ["L", "L()", "L(x)", "L(1)(", "X(1)", "U(3,-1)", "U(3,2,-1)", "L(1e30)"] {
            assert!(text.parse::<SubjectArgument>().is_err(), "{text}");
        }
    }
}
