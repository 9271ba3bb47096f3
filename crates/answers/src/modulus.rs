//! The Fibonacci numbers modulo m.

use std::num::NonZero;
use std::time::Duration;

use dashu_int::ops::BitTest;
use fibonacci::{IBig, SequenceError, UBig, price};
use model::Subject;
use wire::{ModulusPeriod, PrimePower, ResidueSequence};

use crate::{Measure, Question, QuestionError, Size};

/// The Pisano period of a modulus, and its entry point.
#[derive(Clone, Copy, Debug)]
pub struct PeriodQuestion {
    /// The modulus, above 0.
    pub m: u128,
}

impl Question for PeriodQuestion {
    type Answer = ModulusPeriod;

    fn size(&self) -> Size {
        Size { argument: "m", measure: Measure::Number, given: self.m }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::period(value)
    }

    fn calculation(&self) -> Option<Subject> {
        NonZero::new(self.m).map(Subject::PisanoPeriod)
    }

    fn answer(&self) -> Result<ModulusPeriod, QuestionError> {
        let period = fibonacci::period(self.m).ok_or(SequenceError::ZeroModulus)?;
        Ok(ModulusPeriod {
            modulus: period.modulus.to_string(),
            pisano_period: period.pisano_period.to_string(),
            entry_point: period.entry_point.to_string(),
            zeros: period.zeros,
            factors: prime_powers(period.factors),
        })
    }
}

/// The residues of successive Fibonacci numbers.
#[derive(Clone, Debug)]
pub struct ResiduesQuestion {
    /// The modulus, above 0.
    pub m: UBig,
    /// The first index.
    pub from: IBig,
    /// The number of residues.
    pub count: u32,
}

impl Question for ResiduesQuestion {
    type Answer = ResidueSequence;

    fn size(&self) -> Size {
        Size { argument: "count", measure: Measure::Number, given: self.count.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::residues(&self.from, self.m.bit_len(), u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn answer(&self) -> Result<ResidueSequence, QuestionError> {
        let residues = fibonacci::residues(self.from.clone(), &self.m, self.count);
        let residues = residues.ok_or(SequenceError::ZeroModulus)?;
        Ok(ResidueSequence {
            modulus: self.m.to_string(),
            from: self.from.to_string(),
            residues: residues.iter().map(UBig::to_string).collect(),
        })
    }
}

/// Returns the factors as the API writes them.
pub fn prime_powers(factors: Vec<(impl ToString, u32)>) -> Vec<PrimePower> {
    factors.into_iter().map(|(prime, exponent)| PrimePower { prime: prime.to_string(), exponent }).collect()
}
