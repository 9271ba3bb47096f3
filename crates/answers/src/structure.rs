//! Factors, divisors, primality and digits of Fibonacci and Lucas numbers.

use std::time::Duration;

use dashu_int::ops::BitTest;
use fibonacci::{
    DigitStatistics, FIBONACCI_PRIME_INDEXES, IBig, LUCAS_PRIME_INDEXES, MAX_SEARCHED_PART, Primality, price,
};
use wire::{DigitCounts, DivisorList, FactorPart, Factorization, KnownPrime, KnownPrimes, PrimalityBody};

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

/// The primality of F(n) or L(n).
#[derive(Clone, Debug)]
pub struct PrimalityQuestion {
    /// The kind of number.
    pub family: Family,
    /// The index.
    pub n: IBig,
}

impl Question for PrimalityQuestion {
    type Answer = PrimalityBody;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Digits, given: self.n.bit_len() as u128 }
    }

    fn price_at(&self, _: u128) -> Duration {
        price::primality()
    }

    fn answer(&self) -> Result<PrimalityBody, QuestionError> {
        let primality = match self.family {
            Family::Fibonacci => fibonacci::fibonacci_primality(self.n.clone()),
            Family::Lucas => fibonacci::lucas_primality(self.n.clone()),
        };
        let is_tested =
            self.n <= IBig::from(fibonacci::PRIMES_TESTED_TO) && self.n >= -IBig::from(fibonacci::PRIMES_TESTED_TO);
        let reason = match primality {
            Primality::Neither => "The value is 0 or 1.",
            Primality::Prime => "Its index is in the table of known primes, with a proof.",
            Primality::ProbablePrime => {
                "Its index is in the table of known primes: it passes tests, the table has no proof."
            }
            Primality::Composite if is_tested => {
                "Every index to 50,000 was tested, and this one is not in the table of primes."
            }
            Primality::Composite => "Its index is composite, so that a smaller number of the same kind divides it.",
            Primality::Unknown => {
                "Its index is above 50,000, not in the table of known primes, and not known to rule it out."
            }
        };
        Ok(PrimalityBody {
            subject: self.family.subject(&self.n),
            index: self.n.to_string(),
            primality: primality_name(primality).to_owned(),
            reason: reason.to_owned(),
        })
    }
}

/// Returns the name of a primality in JSON.
pub fn primality_name(primality: Primality) -> &'static str {
    match primality {
        Primality::Neither => "neither",
        Primality::Prime => "prime",
        Primality::ProbablePrime => "probable_prime",
        Primality::Composite => "composite",
        Primality::Unknown => "unknown",
    }
}

/// Returns the table of known primes.
pub fn known_primes(family: Family) -> KnownPrimes {
    let (indexes, primality, source): (&[u32], fn(u32) -> Primality, _) = match family {
        Family::Fibonacci => (
            &FIBONACCI_PRIME_INDEXES,
            |n| fibonacci::fibonacci_primality(n),
            "OEIS A001605; proofs: The Prime Pages, Fibonacci number",
        ),
        Family::Lucas => (
            &LUCAS_PRIME_INDEXES,
            |n| fibonacci::lucas_primality(n),
            "OEIS A001606; tests and proofs: Dubner and Keller, New Fibonacci and Lucas primes, 1999",
        ),
    };
    let prime = |&index: &u32| KnownPrime { index, proven: primality(index) == Primality::Prime };
    KnownPrimes {
        family: family.name().to_owned(),
        tested_to: fibonacci::PRIMES_TESTED_TO,
        primes: indexes.iter().map(prime).collect(),
        source: source.to_owned(),
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
