//! From a number to Fibonacci numbers.

use std::time::Duration;

use dashu_int::ops::BitTest;
use fibonacci::{Nearest, UBig, price};
use wire::{FibonacciIndex, GoldenCharacters, IndexSum, Representation, WythoffBody};

use crate::question::{bits_of_digits, digits};
use crate::{Measure, Question, QuestionError, Size};

/// The Fibonacci and the Lucas number that a number is, and the nearest Fibonacci numbers.
#[derive(Clone, Debug)]
pub struct RecognitionQuestion {
    /// The number in decimal digits.
    pub number: String,
}

impl Question for RecognitionQuestion {
    type Answer = FibonacciIndex;

    fn size(&self) -> Size {
        Size { argument: "number", measure: Measure::Digits, given: self.number.len() as u128 }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::recognition(u64::try_from(value).unwrap_or(u64::MAX))
    }

    fn answer(&self) -> Result<FibonacciIndex, QuestionError> {
        let text = |index: i64| index.to_string();
        let neighbors = fibonacci::neighbors(&self.number)?;
        let (below, above) = (text(neighbors.below), text(neighbors.below + 1));
        let nearest = match neighbors.nearest {
            Nearest::Below => vec![below.clone()],
            Nearest::Above => vec![above.clone()],
            Nearest::Both => vec![below.clone(), above.clone()],
        };
        Ok(FibonacciIndex {
            index: fibonacci::index_of_fibonacci(&self.number)?.map(text),
            lucas_index: fibonacci::index_of_lucas(&self.number)?.map(text),
            below,
            above,
            nearest,
        })
    }
}

/// A form of sums of Fibonacci numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumForm {
    /// The greedy one.
    Zeckendorf,
    /// The lazy one.
    Dual,
    /// By even indexes.
    Even,
}

/// The Fibonacci numbers that add up to a number.
#[derive(Clone, Debug)]
pub struct RepresentationQuestion {
    /// The number.
    pub number: UBig,
    /// The form of the sum.
    pub form: SumForm,
}

impl Question for RepresentationQuestion {
    type Answer = Representation;

    fn size(&self) -> Size {
        Size { argument: "number", measure: Measure::Digits, given: digits(&self.number) }
    }

    fn price_at(&self, value: u128) -> Duration {
        match self.form {
            SumForm::Zeckendorf | SumForm::Dual => price::zeckendorf(bits_of_digits(value)),
            SumForm::Even => price::even_representation(bits_of_digits(value)),
        }
    }

    fn answer(&self) -> Result<Representation, QuestionError> {
        let mut answer = Representation { number: self.number.to_string(), ..Representation::default() };
        match self.form {
            SumForm::Zeckendorf => answer.zeckendorf = Some(fibonacci::zeckendorf(&self.number)),
            SumForm::Dual => answer.dual = Some(fibonacci::dual(&self.number)),
            SumForm::Even => answer.even = Some(fibonacci::even(&self.number)),
        }
        Ok(answer)
    }
}

/// The sum of Fibonacci numbers.
#[derive(Clone, Debug)]
pub struct SumQuestion {
    /// Their indexes.
    pub indexes: Vec<u32>,
}

impl Question for SumQuestion {
    type Answer = IndexSum;

    fn size(&self) -> Size {
        let highest = self.indexes.iter().max().copied().unwrap_or(0);
        Size { argument: "indexes", measure: Measure::Number, given: highest.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::from_indexes(self.indexes.len(), u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn answer(&self) -> Result<IndexSum, QuestionError> {
        let number = fibonacci::from_indexes(&self.indexes).to_string();
        Ok(IndexSum { indexes: self.indexes.clone(), number })
    }
}

/// The n-th Wythoff pair.
#[derive(Clone, Debug)]
pub struct WythoffQuestion {
    /// The n.
    pub n: UBig,
}

impl Question for WythoffQuestion {
    type Answer = WythoffBody;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Digits, given: digits(&self.n) }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::wythoff_pair(bits_of_digits(value))
    }

    fn answer(&self) -> Result<WythoffBody, QuestionError> {
        let pair = fibonacci::wythoff_pair(&self.n);
        let (lower, upper) = (pair.lower.to_string(), pair.upper.to_string());
        Ok(WythoffBody { index: self.n.to_string(), lower, upper })
    }
}

/// The characters of the golden string from a position on.
#[derive(Clone, Debug)]
pub struct GoldenStringQuestion {
    /// The first position, from 0.
    pub n: UBig,
    /// The number of characters.
    pub count: u32,
}

impl Question for GoldenStringQuestion {
    type Answer = GoldenCharacters;

    fn size(&self) -> Size {
        Size { argument: "count", measure: Measure::Number, given: self.count.into() }
    }

    fn price_at(&self, value: u128) -> Duration {
        price::golden_characters(self.n.bit_len(), u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn answer(&self) -> Result<GoldenCharacters, QuestionError> {
        let characters = fibonacci::golden_characters(&self.n, self.count);
        Ok(GoldenCharacters { index: self.n.to_string(), characters })
    }
}
