//! The golden ratio.

use std::time::Duration;

use fibonacci::price;
use model::{Index, Subject};
use wire::{ConvergentBody, PhiDigits, RatioDigits};

use crate::{Measure, Question, QuestionError, Size};

/// For larger n the places that agree are not counted.
const MAX_AGREEING_INDEX: u64 = 20_000;

/// The digits of φ.
#[derive(Clone, Copy, Debug)]
pub struct PhiQuestion {
    /// The number of decimal places.
    pub places: u32,
}

impl Question for PhiQuestion {
    type Answer = PhiDigits;

    fn size(&self) -> Size {
        Size { argument: "places", measure: Measure::Number, given: self.places.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::phi_digits(u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn calculation(&self) -> Option<Subject> {
        Some(Subject::GoldenRatio(Index::new(self.places.into())))
    }

    fn answer(&self) -> Result<PhiDigits, QuestionError> {
        Ok(PhiDigits { places: self.places, phi: fibonacci::phi_digits(self.places) })
    }
}

/// The digits of F(n+1)/F(n).
#[derive(Clone, Copy, Debug)]
pub struct RatioQuestion {
    /// The index, above 0.
    pub n: u64,
    /// The number of decimal places.
    pub places: u32,
}

impl Question for RatioQuestion {
    type Answer = RatioDigits;

    fn size(&self) -> Size {
        Size { argument: "places", measure: Measure::Number, given: self.places.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        let ratio = price::ratio_digits(self.n, u32::try_from(value).unwrap_or(u32::MAX));
        if self.n <= MAX_AGREEING_INDEX { ratio + price::agreeing_places(self.n) } else { ratio }
    }

    fn answer(&self) -> Result<RatioDigits, QuestionError> {
        let ratio = fibonacci::ratio_digits(self.n, self.places).ok_or(QuestionError::ZeroIndex)?;
        let n = Some(self.n).filter(|&n| n <= MAX_AGREEING_INDEX);
        Ok(RatioDigits {
            index: self.n.to_string(),
            places: self.places,
            ratio,
            agreeing_places: n.and_then(fibonacci::agreeing_places),
        })
    }
}

/// The k-th convergent of φ.
#[derive(Clone, Copy, Debug)]
pub struct ConvergentQuestion {
    /// Its place, from 0.
    pub k: u16,
}

impl Question for ConvergentQuestion {
    type Answer = ConvergentBody;

    fn size(&self) -> Size {
        Size { argument: "k", measure: Measure::Number, given: self.k.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::convergent(u16::try_from(value).unwrap_or(u16::MAX))
    }

    fn answer(&self) -> Result<ConvergentBody, QuestionError> {
        let convergent = fibonacci::convergent(self.k);
        Ok(ConvergentBody {
            k: self.k,
            numerator: convergent.numerator.to_string(),
            denominator: convergent.denominator.to_string(),
            above: convergent.above,
        })
    }
}
