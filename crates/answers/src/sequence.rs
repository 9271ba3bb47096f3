//! Lucas numbers, U(P, Q) and V(P, Q), own seeds, k-bonacci numbers, and polynomials.

use std::fmt;
use std::time::Duration;

use dashu_int::ops::BitTest;
use fibonacci::{IBig, LucasParameters, UBig, price};
use model::Subject;
use wire::{Polynomial, SequenceTerm};

use crate::question::{bits_of_digits, digits, magnitude};
use crate::{Family, Measure, Question, QuestionError, Size};

/// A sequence of the family of the Fibonacci numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// L(n).
    Lucas,
    /// U(n) with parameters P and Q.
    U(LucasParameters),
    /// V(n) with parameters P and Q.
    V(LucasParameters),
    /// G(n) with G(0) = a and G(1) = b.
    Seeded {
        /// G(0)
        a: IBig,
        /// G(1)
        b: IBig,
    },
    /// T(n), of which each is the sum of the k before.
    Kbonacci {
        /// The number of terms that are added.
        k: u32,
    },
}

/// A number of a sequence, or its residue.
#[derive(Clone, Debug)]
pub struct SequenceQuestion {
    /// The sequence.
    pub sequence: Sequence,
    /// The index.
    pub n: IBig,
    /// The modulus of the residue, if that is the question.
    pub modulus: Option<UBig>,
}

impl SequenceQuestion {
    /// Returns the canonical name of the number, such as `L(100)`.
    fn subject(&self) -> String {
        format!("{}{})", self.sequence, self.n)
    }

    fn value(&self) -> Result<IBig, QuestionError> {
        let n = self.n.clone();
        Ok(match &self.sequence {
            Sequence::Lucas => fibonacci::lucas(n),
            Sequence::U(parameters) => fibonacci::lucas_u(parameters, n),
            Sequence::V(parameters) => fibonacci::lucas_v(parameters, n),
            Sequence::Seeded { a, b } => fibonacci::seeded(a, b, n),
            Sequence::Kbonacci { k } => fibonacci::kbonacci(*k, n),
        }?)
    }

    pub(crate) fn residue(&self, modulus: &UBig) -> Result<UBig, QuestionError> {
        let n = self.n.clone();
        Ok(match &self.sequence {
            Sequence::Lucas => fibonacci::lucas_modulo(n, modulus),
            Sequence::U(parameters) => fibonacci::lucas_u_modulo(parameters, n, modulus),
            Sequence::V(parameters) => fibonacci::lucas_v_modulo(parameters, n, modulus),
            Sequence::Seeded { a, b } => fibonacci::seeded_modulo(a, b, n, modulus),
            Sequence::Kbonacci { k } => fibonacci::kbonacci_modulo(*k, n, modulus),
        }?)
    }
}

impl Question for SequenceQuestion {
    type Answer = SequenceTerm;

    fn size(&self) -> Size {
        match &self.modulus {
            None => Size { argument: "n", measure: Measure::Magnitude, given: magnitude(&self.n) },
            Some(modulus) => Size { argument: "modulus", measure: Measure::Digits, given: digits(modulus) },
        }
    }

    fn price_at(&self, value: u128) -> Duration {
        let Some(modulus) = &self.modulus else {
            let n = IBig::from(value);
            return match &self.sequence {
                Sequence::Lucas => price::lucas_sequence(&LucasParameters::fibonacci(), &n, 1),
                Sequence::U(parameters) | Sequence::V(parameters) => price::lucas_sequence(parameters, &n, 1),
                Sequence::Seeded { a, b } => {
                    let seed_bits = a.bit_len().max(b.bit_len()) as u64;
                    price::lucas_sequence(&LucasParameters::fibonacci(), &n, seed_bits)
                }
                Sequence::Kbonacci { k } => price::kbonacci(*k, &n),
            };
        };
        let bits = if value == digits(modulus) { modulus.bit_len() } else { bits_of_digits(value) };
        match &self.sequence {
            Sequence::Kbonacci { k } => price::kbonacci_modulo(*k, &self.n, bits),
            _ => price::lucas_sequence_modulo(&self.n, bits),
        }
    }

    fn calculation(&self) -> Option<Subject> {
        self.modulus.is_none().then(|| self.subject().parse().ok()).flatten()
    }

    fn answer(&self) -> Result<SequenceTerm, QuestionError> {
        let (mut value, mut residue) = (None, None);
        match &self.modulus {
            None => value = Some(self.value()?.to_string()),
            Some(modulus) => residue = Some(self.residue(modulus)?.to_string()),
        }
        Ok(SequenceTerm {
            subject: self.subject(),
            index: self.n.to_string(),
            value,
            modulus: self.modulus.as_ref().map(UBig::to_string),
            residue,
        })
    }
}

/// Writes the subject up to the index.
impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lucas => f.write_str("L("),
            Self::U(LucasParameters { p, q }) => write!(f, "U({p},{q},"),
            Self::V(LucasParameters { p, q }) => write!(f, "V({p},{q},"),
            Self::Seeded { a, b } => write!(f, "G({a},{b},"),
            Self::Kbonacci { k } => write!(f, "T({k},"),
        }
    }
}

/// The coefficients of a polynomial.
#[derive(Clone, Copy, Debug)]
pub struct PolynomialQuestion {
    /// The kind of polynomial.
    pub family: Family,
    /// The index.
    pub n: u32,
}

impl Question for PolynomialQuestion {
    type Answer = Polynomial;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Number, given: self.n.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::polynomial(u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn answer(&self) -> Result<Polynomial, QuestionError> {
        let coefficients = match self.family {
            Family::Fibonacci => fibonacci::fibonacci_polynomial(self.n)?,
            Family::Lucas => fibonacci::lucas_polynomial(self.n)?,
        };
        Ok(Polynomial {
            subject: self.family.subject(&format_args!("{},x", self.n)),
            index: self.n.to_string(),
            coefficients: coefficients.iter().map(UBig::to_string).collect(),
        })
    }
}
