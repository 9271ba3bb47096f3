//! The subject of a calculation, as one canonical text: `F(1000)`.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use crate::serde_as_text::serde_as_text;
use crate::{Index, IndexError};

/// The key of a calculation. One subject has one row, one computation, one value.
///
/// The text is what is stored, queued and cached. The kinds that a version knows never take other arguments: a newer
/// version adds kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// F(n), the Fibonacci number at an index.
    Fibonacci(Index),
    /// L(n), the Lucas number at an index.
    Lucas(Index),
    /// U(P, Q, n), with x(0) = 0, x(1) = 1 and x(n) = P·x(n−1) − Q·x(n−2).
    U {
        /// P
        p: i64,
        /// Q
        q: i64,
        /// The index.
        n: Index,
    },
    /// V(P, Q, n), with x(0) = 2, x(1) = P and x(n) = P·x(n−1) − Q·x(n−2).
    V {
        /// P
        p: i64,
        /// Q
        q: i64,
        /// The index.
        n: Index,
    },
    /// G(a, b, n), with x(0) = a, x(1) = b and x(n) = x(n−1) + x(n−2).
    Seeded {
        /// x(0)
        a: i64,
        /// x(1)
        b: i64,
        /// The index.
        n: Index,
    },
    /// T(k, n), of which each is the sum of the k before, after k − 1 zeros and a 1.
    Kbonacci {
        /// The number of terms that are added, 2 to 64.
        k: u8,
        /// The index.
        n: Index,
    },
    /// P(m), the Pisano period of m: after how many indexes the Fibonacci numbers modulo m repeat.
    PisanoPeriod(NonZero<u128>),
    /// A(m), the entry point of m: the first index above 0 whose Fibonacci number m divides.
    EntryPoint(NonZero<u128>),
    /// Phi(d), the golden ratio with d decimal places, from 0 on, as the integer ⌊φ·10ᵈ⌋.
    GoldenRatio(Index),
}

/// Error for a text that is not a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Not a kind that this version knows; a newer version may.
    #[error("expected {}", Subject::KINDS)]
    UnknownKind,
    /// A number between the brackets is not canonical, or beyond 64 bits.
    #[error("bad number in a subject: {0}")]
    Index(#[from] IndexError),
    /// Terms at negative indexes are fractions, unless Q is 1 or −1.
    #[error("expected an index from 0 on, unless Q is 1 or -1")]
    Fraction,
    /// Fewer or more terms are added than this version knows.
    #[error("expected a k from 2 to 64")]
    Order,
    /// The modulus is 0, not canonical, or beyond 128 bits.
    #[error("expected a modulus from 1 to 2^128 - 1 in plain digits")]
    Modulus,
    /// The number of decimal places is negative.
    #[error("expected a number of places from 0 on")]
    Places,
}

impl Subject {
    /// The kinds that this version knows.
    pub const KINDS: &str = "F(n), L(n), U(P,Q,n), V(P,Q,n), G(a,b,n), T(k,n), P(m), A(m) or Phi(d)";

    /// What the texts of all subjects but F(n) that this version knows begin with.
    pub const OTHER_KINDS: [&str; 8] = ["L(", "U(", "V(", "G(", "T(", "P(", "A(", "Phi("];

    /// Returns the index n, or the places d in its stead; `None` for subjects about a modulus.
    pub const fn index(&self) -> Option<Index> {
        match *self {
            Self::Fibonacci(n)
            | Self::Lucas(n)
            | Self::U { n, .. }
            | Self::V { n, .. }
            | Self::Seeded { n, .. }
            | Self::Kbonacci { n, .. }
            | Self::GoldenRatio(n) => Some(n),
            Self::PisanoPeriod(_) | Self::EntryPoint(_) => None,
        }
    }

    /// Returns the modulus m, `None` for subjects about an index.
    pub const fn modulus(&self) -> Option<NonZero<u128>> {
        match *self {
            Self::PisanoPeriod(m) | Self::EntryPoint(m) => Some(m),
            _ => None,
        }
    }

    /// Returns the text of the index or the modulus.
    pub fn argument(&self) -> String {
        self.index().map(|n| n.to_string()).or(self.modulus().map(|m| m.to_string())).unwrap_or_default()
    }

    /// Returns the n of F(n), `None` for other kinds.
    pub const fn fibonacci_index(&self) -> Option<Index> {
        match *self {
            Self::Fibonacci(n) => Some(n),
            _ => None,
        }
    }

    /// Returns the subject of the same kind with the same parameters at another index; itself if it has none.
    #[must_use]
    pub const fn at(&self, n: Index) -> Self {
        match *self {
            Self::Fibonacci(_) => Self::Fibonacci(n),
            Self::Lucas(_) => Self::Lucas(n),
            Self::U { p, q, .. } => Self::U { p, q, n },
            Self::V { p, q, .. } => Self::V { p, q, n },
            Self::Seeded { a, b, .. } => Self::Seeded { a, b, n },
            Self::Kbonacci { k, .. } => Self::Kbonacci { k, n },
            Self::PisanoPeriod(m) => Self::PisanoPeriod(m),
            Self::EntryPoint(m) => Self::EntryPoint(m),
            Self::GoldenRatio(_) => Self::GoldenRatio(n),
        }
    }

    /// Returns the text of the subject in paths and arguments: the index alone for F(n).
    pub fn path(&self) -> String {
        match self.fibonacci_index() {
            Some(n) => n.to_string(),
            None => self.to_string(),
        }
    }

    /// Parses what [`Subject::path`] returns, or the text of a subject.
    ///
    /// # Errors
    /// [`SubjectError::Index`] for a text without brackets that is not an index, and all others.
    pub fn from_path(text: &str) -> Result<Self, SubjectError> {
        if text.contains('(') { text.parse() } else { Ok(text.parse::<Index>()?.into()) }
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
            Self::Fibonacci(n) => write!(f, "F({n})"),
            Self::Lucas(n) => write!(f, "L({n})"),
            Self::U { p, q, n } => write!(f, "U({p},{q},{n})"),
            Self::V { p, q, n } => write!(f, "V({p},{q},{n})"),
            Self::Seeded { a, b, n } => write!(f, "G({a},{b},{n})"),
            Self::Kbonacci { k, n } => write!(f, "T({k},{n})"),
            Self::PisanoPeriod(m) => write!(f, "P({m})"),
            Self::EntryPoint(m) => write!(f, "A({m})"),
            Self::GoldenRatio(places) => write!(f, "Phi({places})"),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let inner = text.strip_suffix(')').and_then(|text| text.split_once('(')).ok_or(SubjectError::UnknownKind)?;
        match inner.0 {
            "P" => return Ok(Self::PisanoPeriod(parse_modulus(inner.1)?)),
            "A" => return Ok(Self::EntryPoint(parse_modulus(inner.1)?)),
            _ => {}
        }
        let mut fields = inner.1.split(',');
        let mut number = || fields.next().unwrap_or_default().parse::<Index>();
        let subject = match inner.0 {
            "F" => Self::Fibonacci(number()?),
            "L" => Self::Lucas(number()?),
            "U" => Self::U { p: number()?.get(), q: number()?.get(), n: number()? },
            "V" => Self::V { p: number()?.get(), q: number()?.get(), n: number()? },
            "G" => Self::Seeded { a: number()?.get(), b: number()?.get(), n: number()? },
            "T" => Self::Kbonacci { k: order(number()?)?, n: number()? },
            "Phi" => Self::GoldenRatio(number()?),
            _ => return Err(SubjectError::UnknownKind),
        };
        match subject {
            _ if fields.next().is_some() => Err(SubjectError::UnknownKind),
            Self::U { q, n, .. } | Self::V { q, n, .. } if n.get() < 0 && q.unsigned_abs() != 1 => {
                Err(SubjectError::Fraction)
            }
            Self::GoldenRatio(places) if places.get() < 0 => Err(SubjectError::Places),
            subject => Ok(subject),
        }
    }
}

fn order(k: Index) -> Result<u8, SubjectError> {
    u8::try_from(k.get()).ok().filter(|k| (2..=64).contains(k)).ok_or(SubjectError::Order)
}

fn parse_modulus(text: &str) -> Result<NonZero<u128>, SubjectError> {
    let modulus = text.parse::<NonZero<u128>>().ok().filter(|modulus| modulus.to_string() == text);
    modulus.ok_or(SubjectError::Modulus)
}

serde_as_text!(Subject);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_round_trips() {
        for n in ["0", "7", "-8", "-9223372036854775808", "9223372036854775807"] {
            for text in [format!("F({n})"), format!("L({n})"), format!("U({n},-1,{n})"), format!("V(3,{n},7)")] {
                assert_eq!(text.parse().map(|subject: Subject| subject.to_string()), Ok(text));
            }
        }
        for text in [
            "T(2,0)",
            "T(64,-7)",
            "Phi(0)",
            "Phi(9223372036854775807)",
            "P(1)",
            "A(340282366920938463463374607431768211455)",
        ] {
            assert_eq!(text.parse().map(|subject: Subject| subject.to_string()), Ok(text.to_owned()));
        }
        let seeded = Subject::Seeded { a: 2, b: -1, n: Index::new(50) };
        assert_eq!("G(2,-1,50)".parse(), Ok(seeded.clone()));
        assert_eq!(seeded.at(Index::new(7)).to_string(), "G(2,-1,7)");
    }

    #[test]
    fn only_fibonacci_numbers_have_an_index_as_their_path() {
        assert_eq!(Subject::from(Index::new(-8)).path(), "-8");
        assert_eq!(Subject::Lucas(Index::new(-8)).path(), "L(-8)");
        for text in ["-8", "L(-8)", "U(3,-1,500)"] {
            assert_eq!(Subject::from_path(text).map(|subject| subject.path()), Ok(text.to_owned()));
        }
        assert_eq!(Subject::from_path("F(7)"), Ok(Subject::from(Index::new(7))));
        assert_eq!(Subject::from_path("L7"), Err(IndexError::NotCanonical { meant: None }.into()));
        for kind in Subject::OTHER_KINDS {
            let subject: Subject = [format!("{kind}7)"), format!("{kind}3,7)"), format!("{kind}3,4,7)")]
                .iter()
                .find_map(|text| text.parse().ok())
                .expect("a kind that is parsed");
            assert_eq!((subject.argument(), subject.fibonacci_index()), ("7".to_owned(), None));
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in [
            "",
            "F",
            "F(",
            "F()",
            "F(07)",
            "f(7)",
            "F(7) ",
            "F((7))",
            "F(7,8)",
            "T(7)",
            "T(1,7)",
            "T(65,7)",
            "T(-3,7)",
            "T(3,7,7)",
            "P()",
            "P(0)",
            "P(+7)",
            "P(07)",
            "A(-7)",
            "A(7,7)",
            "A(340282366920938463463374607431768211456)",
            "X(7)",
            "Phi(-1)",
            "Phi(7,7)",
            "phi(7)",
            "L()",
            "L(1,2)",
            "L(7)(",
            "L(+7)",
            "U(3,-1)",
            "U(3,-1,5,6)",
            "U(3,2,-5)",
            "V(3,0,-5)",
            "U(3, -1,5)",
            "U(3,-0,5)",
            "V(3,,5)",
            "G(9223372036854775808,1,5)",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
    }
}
