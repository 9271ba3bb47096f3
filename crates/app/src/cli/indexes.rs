//! The indexes of a subcommand, or other numbers: arguments, ranges, and lines of standard input.

use std::error::Error;
use std::io::{self, BufRead};
use std::str::FromStr;

use answers::MAX_INDEX_DIGITS;
use fibonacci::IBig;

use super::number::{self, NumberArgumentError};

/// An argument that stands for one index or several.
pub(crate) type IndexArgument = ListArgument<IndexRange>;

/// An argument that stands for one item or several: an [`IndexRange`] or the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListArgument<R> {
    /// One item, or a range.
    Range(R),
    /// `-`: a range on each line of standard input.
    StandardInput,
}

/// Indexes from `from` to `to`, both included, in steps above 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexRange {
    from: IBig,
    to: IBig,
    step: IBig,
}

/// Error for a text that is no index and no range.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexRangeError {
    /// One of the numbers is not a number, or too long.
    #[error(transparent)]
    Number(#[from] NumberArgumentError),
    /// The range has no index.
    #[error("expected FROM..TO with FROM at most TO, got {0:?}")]
    Empty(String),
    /// The step is not above 0.
    #[error("expected a step above 0, got {0:?}")]
    Step(String),
}

/// Error for what is on the lines of standard input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexInputError {
    /// Standard input cannot be read.
    #[error("cannot read standard input")]
    Read(#[from] io::Error),
    /// A line is neither empty nor what is expected.
    #[error("line {line} of standard input: {error}")]
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// The problem with it.
        error: Box<dyn Error + Send + Sync>,
    },
}

impl<R: FromStr> FromStr for ListArgument<R> {
    type Err = R::Err;

    fn from_str(text: &str) -> Result<Self, R::Err> {
        if text == "-" { Ok(Self::StandardInput) } else { text.parse().map(Self::Range) }
    }
}

impl<R> ListArgument<R>
where
    R: Clone + FromStr<Err: Into<Box<dyn Error + Send + Sync>>> + IntoIterator,
{
    /// Returns the items; those on standard input as they are read.
    pub(crate) fn items(&self) -> impl Iterator<Item = Result<R::Item, IndexInputError>> + use<R> {
        let (range, lines) = match self {
            Self::Range(range) => (Some(range.clone()), None),
            Self::StandardInput => (None, Some(read_lines::<R>(io::stdin().lock()))),
        };
        range.into_iter().flatten().map(Ok).chain(lines.into_iter().flatten())
    }

    /// Returns whether the writer of the items may wait for each result.
    pub(crate) fn is_interactive(&self) -> bool {
        matches!(self, Self::StandardInput)
    }
}

impl FromStr for IndexRange {
    type Err = IndexRangeError;

    /// Reads `N`, `FROM..TO` or `FROM..TO..STEP`.
    fn from_str(text: &str) -> Result<Self, IndexRangeError> {
        Self::read(text, MAX_INDEX_DIGITS)
    }
}

impl IndexRange {
    /// Reads a range whose numbers have up to that many digits.
    pub(crate) fn read(text: &str, max_digits: usize) -> Result<Self, IndexRangeError> {
        let index = |text: &str| number::limited(text, max_digits);
        let mut numbers = text.splitn(3, "..");
        let from = index(numbers.next().unwrap_or_default())?;
        let to = numbers.next().map(index).transpose()?.unwrap_or_else(|| from.clone());
        let step = numbers.next().map(index).transpose()?.unwrap_or(IBig::ONE);
        if step < IBig::ONE {
            return Err(IndexRangeError::Step(text.to_owned()));
        }
        if from > to {
            return Err(IndexRangeError::Empty(text.to_owned()));
        }
        Ok(Self { from, to, step })
    }

    /// Returns the first index.
    pub(crate) fn from(&self) -> &IBig {
        &self.from
    }
}

impl IntoIterator for IndexRange {
    type Item = IBig;
    type IntoIter = Box<dyn Iterator<Item = IBig>>;

    fn into_iter(self) -> Self::IntoIter {
        let Self { from, to, step } = self;
        Box::new(std::iter::successors(Some(from), move |n| Some(n + &step)).take_while(move |n| *n <= to))
    }
}

/// Returns what is on the lines of `input`, as they are read: an [`IndexRange`] or the like on each. Empty lines are
/// skipped.
fn read_lines<R>(input: impl BufRead) -> impl Iterator<Item = Result<R::Item, IndexInputError>>
where
    R: FromStr<Err: Into<Box<dyn Error + Send + Sync>>> + IntoIterator,
{
    input.lines().zip(1..).flat_map(|(text, line)| {
        let range = text.map_err(IndexInputError::Read).and_then(|text| match text.trim() {
            "" => Ok(None),
            text => text.parse::<R>().map(Some).map_err(|error| IndexInputError::Line { line, error: error.into() }),
        });
        let (range, error) = match range {
            Ok(range) => (range, None),
            Err(error) => (None, Some(Err(error))),
        };
        range.into_iter().flatten().map(Ok).chain(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes(text: &str) -> Vec<i64> {
        let range: IndexRange = text.parse().expect("a range");
        range.into_iter().map(|n| n.try_into().expect("64 bits")).collect()
    }

    #[test]
    fn a_range_has_both_ends_and_a_step() {
        assert_eq!(indexes("7"), [7]);
        assert_eq!(indexes("1..4"), [1, 2, 3, 4]);
        assert_eq!(indexes("-2..2"), [-2, -1, 0, 1, 2]);
        assert_eq!(indexes("0..10..5"), [0, 5, 10]);
        assert_eq!(indexes("0..9..5"), [0, 5]);
        assert_eq!(indexes("10^3..1e3"), [1_000]);
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for (text, expected) in [
            ("4..1", "got \"4..1\""),
            ("1..4..0", "step above 0"),
            ("1..4..-1", "step above 0"),
            ("1..", "no number was given"),
            ("..4", "no number was given"),
            ("1..4..1..1", "whole number"),
            ("1...4", "whole numbers"),
        ] {
            let error = text.parse::<IndexRange>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn lines_are_read_until_one_is_wrong() {
        let mut found = read_lines::<IndexRange>(&b"1\n\n 3..4 \nx\n5\n"[..]);
        let numbers: Vec<_> = found.by_ref().map_while(Result::ok).collect();
        assert_eq!(numbers, [1, 3, 4].map(IBig::from));
        let mut found = read_lines::<IndexRange>(&b"1\nx\n"[..]).skip(1);
        assert!(matches!(found.next(), Some(Err(IndexInputError::Line { line: 2, .. }))));
    }
}
