//! The golden ratio.

use std::time::Duration;

use fibonacci::{MAX_PHI_DIGITS, price};
use model::{Index, Subject};
use wire::{ConvergentBody, PhiDigits, RatioDigits};

use crate::{Measure, Question, QuestionError, Size};

/// For larger n the places that agree are not counted.
const MAX_AGREEING_INDEX: u64 = 20_000;

/// The digits of φ.
#[derive(Clone, Copy, Debug)]
pub struct PhiQuestion {
    /// The number of decimal places.
    pub places: u64,
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
        golden_ratio(self.places)
    }

    fn answer(&self) -> Result<PhiDigits, QuestionError> {
        let places = checked(self.places)?;
        Ok(PhiDigits { places, phi: fibonacci::phi_digits(places) })
    }
}

/// The digits of F(n+1)/F(n).
#[derive(Clone, Copy, Debug)]
pub struct RatioQuestion {
    /// The index, above 0.
    pub n: u64,
    /// The number of decimal places.
    pub places: u64,
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

    fn calculation(&self) -> Option<Subject> {
        golden_ratio(self.places).filter(|_| fibonacci::has_places_of_phi(self.n, self.places))
    }

    fn answer(&self) -> Result<RatioDigits, QuestionError> {
        let places = checked(self.places)?;
        let ratio = fibonacci::ratio_digits(self.n, places).ok_or(QuestionError::ZeroIndex)?;
        let n = Some(self.n).filter(|&n| n <= MAX_AGREEING_INDEX);
        Ok(RatioDigits {
            index: self.n.to_string(),
            places,
            ratio,
            agreeing_places: n.and_then(fibonacci::agreeing_places),
        })
    }
}

/// Returns the subject whose value has φ to that number of places.
fn golden_ratio(places: u64) -> Option<Subject> {
    i64::try_from(places).ok().map(|places| Subject::GoldenRatio(Index::new(places)))
}

/// Returns the number of places, if an answer may have it.
fn checked(places: u64) -> Result<u32, QuestionError> {
    let checked = u32::try_from(places).ok().filter(|&places| places <= MAX_PHI_DIGITS);
    checked.ok_or(QuestionError::Places { given: places })
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
