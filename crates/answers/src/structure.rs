//! Factors, divisors and digits of Fibonacci and Lucas numbers.

use std::time::Duration;

use fibonacci::{DigitStatistics, MAX_SEARCHED_PART, price};
use model::{Index, Subject};
use wire::{DigitCounts, DivisorList, FactorPart, Factorization};

use crate::family::Family;
use crate::modulus::prime_powers;
use crate::{Measure, Question, QuestionError, Size};

/// The most parts of one number that are between 10¹² and [`MAX_SEARCHED_PART`].
const HARD_PARTS: u32 = 16;

/// The algebraic factors of F(n) or L(n).
#[derive(Clone, Copy, Debug)]
pub struct FactorsQuestion {
    /// The kind of number.
    pub family: Family,
    /// The index, above 0.
    pub n: u32,
}

impl Question for FactorsQuestion {
    type Answer = Factorization;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Number, given: self.n.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        let n = u32::try_from(value).unwrap_or(u32::MAX);
        let parts = match self.family {
            Family::Fibonacci => price::algebraic_factors(n),
            Family::Lucas => price::algebraic_factors(n.saturating_mul(2)),
        };
        parts + price::factorize(MAX_SEARCHED_PART.into()) * HARD_PARTS
    }

    fn answer(&self) -> Result<Factorization, QuestionError> {
        let factors = match self.family {
            Family::Fibonacci => fibonacci::algebraic_factors(self.n),
            Family::Lucas => fibonacci::lucas_algebraic_factors(self.n),
        };
        let aurifeuillian = match self.family {
            Family::Lucas if self.n.is_multiple_of(5) => fibonacci::aurifeuillian_factors(self.n / 5),
            _ => None,
        };
        let factors = factors.ok_or(QuestionError::FactorIndex { given: self.n })?;
        let part = |factor: fibonacci::AlgebraicFactor| FactorPart {
            divisor: factor.divisor,
            factors: factor.prime_factors().map(prime_powers),
            value: factor.value.to_string(),
        };
        Ok(Factorization {
            subject: self.family.subject(&self.n),
            index: self.n.to_string(),
            parts: factors.into_iter().map(part).collect(),
            aurifeuillian: aurifeuillian.map(|(smaller, larger)| vec![smaller.to_string(), larger.to_string()]),
        })
    }
}

/// The divisors of n.
#[derive(Clone, Copy, Debug)]
pub struct DivisorsQuestion {
    /// The n.
    pub n: u128,
}

impl Question for DivisorsQuestion {
    type Answer = DivisorList;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Number, given: self.n }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::factorize(value)
    }

    fn answer(&self) -> Result<DivisorList, QuestionError> {
        let divisors = fibonacci::divisors(self.n).iter().map(u128::to_string).collect();
        Ok(DivisorList { index: self.n.to_string(), divisors })
    }
}

/// The number of times that each digit occurs in F(n).
#[derive(Clone, Copy, Debug)]
pub struct DigitsQuestion {
    /// The index.
    pub n: i64,
}

impl Question for DigitsQuestion {
    type Answer = DigitCounts;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Magnitude, given: self.n.unsigned_abs().into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::digit_statistics(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn calculation(&self) -> Option<Subject> {
        Some(Index::new(self.n).into())
    }

    fn value_part(&self) -> &'static str {
        "/digits"
    }

    fn answer(&self) -> Result<DigitCounts, QuestionError> {
        let value = fibonacci::nth(self.n)?;
        let mut statistics = DigitStatistics::default();
        value.chunks(1 << 20).for_each(|chunk| statistics.push(&chunk));
        let counts = statistics.counts();
        Ok(DigitCounts {
            subject: Family::Fibonacci.subject(&self.n),
            index: self.n.to_string(),
            digits: counts.iter().sum(),
            counts: counts.to_vec(),
            sum: statistics.sum(),
            digital_root: fibonacci::digital_root(self.n),
        })
    }
}
