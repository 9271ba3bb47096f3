//! Expressions that a person may type for a whole number: `1 000 000`, `1e6`, `10^6`, `2^20+1`.
//!
//! The page, the command line and the settings accept expressions; the API accepts plain digits only.

mod number;

use std::fmt;
use std::str::FromStr;

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use crate::Index;

/// An expression and the index it evaluates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression {
    index: Index,
}

/// Error for a text that does not evaluate to a number in range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// The text is empty.
    #[error("no number was given")]
    Empty,
    /// The text is too long.
    #[error("expected at most {allowed} characters")]
    TooLong {
        /// The maximum number of characters.
        allowed: usize,
    },
    /// A character that is not part of an expression.
    #[error("expected whole numbers, e, ^, *, +, - and brackets, got {found} at position {position}")]
    Unexpected {
        /// The character or the end.
        found: UnexpectedToken,
        /// The position of the character, from 1.
        position: usize,
    },
    /// A number with two meanings, such as `1.000`: one thousand, or one.
    #[error("“{text}” can be read in two ways. Did you mean {suggestion}?")]
    Ambiguous {
        /// The number as given.
        text: String,
        /// The reading as one whole number.
        suggestion: String,
    },
    /// A number whose groups do not have three digits, such as `1,0000`.
    #[error("“{text}” is not grouped by thousands. Did you mean {suggestion}?")]
    Grouping {
        /// The number as given.
        text: String,
        /// All its digits as one whole number.
        suggestion: String,
    },
    /// Well formed, but not a whole number.
    #[error("not a whole number")]
    NotWhole,
    /// Well formed, but too large.
    #[error("beyond the range of an index (−2^63 to 2^63 − 1)")]
    Overflow,
}

/// A character or the end of the text, where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnexpectedToken {
    /// A character.
    Character(char),
    /// The end of the text.
    End,
}

impl fmt::Display for UnexpectedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(f, "“{}”", character.escape_debug()),
            Self::End => f.write_str("the end"),
        }
    }
}

impl Expression {
    /// The maximum number of characters.
    pub const MAX_CHARACTERS: usize = 200;

    /// The maximum number of digits that [`Expression::evaluate`] returns.
    pub const MAX_DIGITS: usize = 10_000;

    /// Returns the index that it evaluates to.
    pub const fn index(self) -> Index {
        self.index
    }

    /// Returns the whole number that a text evaluates to, whether it is an index or larger.
    ///
    /// # Errors
    /// [`ExpressionError`], of which `Overflow` stands for more than [`Expression::MAX_DIGITS`] digits.
    pub fn evaluate(text: &str) -> Result<IBig, ExpressionError> {
        let characters: Vec<char> = text.chars().take(Self::MAX_CHARACTERS + 1).collect();
        if characters.len() > Self::MAX_CHARACTERS {
            return Err(ExpressionError::TooLong { allowed: Self::MAX_CHARACTERS });
        }
        if characters.iter().all(|c| c.is_whitespace()) {
            return Err(ExpressionError::Empty);
        }
        let mut parser = Parser { characters, at: 0 };
        let number = parser.sum()?;
        if parser.peek().is_some() { Err(parser.unexpected()) } else { Ok(number) }
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let number = i64::try_from(&Self::evaluate(text)?);
        number.map(|n| Self { index: Index::new(n) }).map_err(|_| ExpressionError::Overflow)
    }
}

/// The bits of 10^[`Expression::MAX_DIGITS`] − 1.
const MAX_BITS: usize = 33_220;

/// A recursive-descent parser of at most [`Expression::MAX_CHARACTERS`] characters, which bounds its depth. No number
/// on the way is longer than the result may be.
struct Parser {
    characters: Vec<char>,
    at: usize,
}

impl Parser {
    fn sum(&mut self) -> Result<IBig, ExpressionError> {
        let mut total = self.product()?;
        loop {
            total = if self.take(&['+']) {
                in_range(total + self.product()?)?
            } else if self.take(&['-', '−']) {
                in_range(total - self.product()?)?
            } else {
                return Ok(total);
            };
        }
    }

    fn product(&mut self) -> Result<IBig, ExpressionError> {
        let mut total = self.signed()?;
        while self.take(&['*', '·', '×']) {
            total = in_range(total * self.signed()?)?;
        }
        Ok(total)
    }

    /// `-2^2` is −4, as in mathematics: the sign binds less than the power.
    fn signed(&mut self) -> Result<IBig, ExpressionError> {
        if self.take(&['-', '−']) {
            return Ok(-self.signed()?);
        }
        if self.take(&['+']) {
            return self.signed();
        }
        self.power()
    }

    fn power(&mut self) -> Result<IBig, ExpressionError> {
        let base = self.atom()?;
        if !self.take(&['^']) {
            return Ok(base);
        }
        let exponent = self.signed()?;
        if base.is_one() || (&base * &base).is_one() {
            return Ok(if exponent.bit(0) { base } else { IBig::ONE });
        }
        match usize::try_from(&exponent) {
            Ok(exponent) => power(&base, exponent),
            Err(_) if exponent < IBig::ZERO => Err(ExpressionError::NotWhole),
            Err(_) if base.is_zero() => Ok(base),
            Err(_) => Err(ExpressionError::Overflow),
        }
    }

    fn atom(&mut self) -> Result<IBig, ExpressionError> {
        if !self.take(&['(']) {
            return self.number();
        }
        let inner = self.sum()?;
        if self.take(&[')']) { Ok(inner) } else { Err(self.unexpected()) }
    }

    fn take(&mut self, any_of: &[char]) -> bool {
        let found = self.peek().is_some_and(|c| any_of.contains(&c));
        if found {
            self.at += 1;
        }
        found
    }

    /// Returns the next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn unexpected(&mut self) -> ExpressionError {
        let found = self.peek().map_or(UnexpectedToken::End, UnexpectedToken::Character);
        ExpressionError::Unexpected { found, position: self.at + 1 }
    }
}

/// Returns the number, unless it is too long.
fn in_range(number: IBig) -> Result<IBig, ExpressionError> {
    if number.bit_len() > MAX_BITS { Err(ExpressionError::Overflow) } else { Ok(number) }
}

/// Returns the power, without computing one that is much too long.
fn power(base: &IBig, exponent: usize) -> Result<IBig, ExpressionError> {
    // |base| is 2^(bits − 1) or more.
    if base.bit_len().saturating_sub(1).saturating_mul(exponent) >= MAX_BITS {
        return Err(ExpressionError::Overflow);
    }
    in_range(base.pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evaluate(text: &str) -> Result<i64, ExpressionError> {
        text.parse::<Expression>().map(|expression| expression.index().get())
    }

    #[test]
    fn expressions_evaluate_to_an_index() {
        for (text, n) in [
            ("7", 7),
            (" 7 ", 7),
            ("007", 7),
            ("+7", 7),
            ("-8", -8),
            ("−8", -8),
            ("-0", 0),
            ("1 000 000", 1_000_000),
            ("1_000_000", 1_000_000),
            ("1'000'000", 1_000_000),
            ("1\u{202f}000\u{a0}000", 1_000_000),
            ("1,000,000", 1_000_000),
            ("1.000.000", 1_000_000),
            ("1,000.0", 1_000),
            ("1.000,0", 1_000),
            ("1 000,0", 1_000),
            ("1e6", 1_000_000),
            ("1E+6", 1_000_000),
            ("1.5e6", 1_500_000),
            ("1,5e6", 1_500_000),
            ("1.2345e6", 1_234_500),
            ("1500e-2", 15),
            ("1.0", 1),
            ("0.001e3", 1),
            ("10^6", 1_000_000),
            ("10 ^ 6", 1_000_000),
            ("2^20+1", 1_048_577),
            ("2^63-1", i64::MAX),
            ("-2^63", i64::MIN),
            ("-2^2", -4),
            ("2^3^2", 512),
            ("(2^3)^2", 64),
            ("3*(4-5)", -3),
            ("3·4", 12),
            ("1^99999999999999999999", 1),
            ("0^0", 1),
        ] {
            assert_eq!(evaluate(text), Ok(n), "{text:?}");
        }
    }

    #[test]
    fn a_number_with_two_meanings_is_asked_back() {
        for (text, number, suggestion) in [
            ("1.000", "1.000", "1000"),
            ("1,000", "1,000", "1000"),
            ("-12,345", "12,345", "12345"),
            ("2*1.000", "1.000", "1000"),
            ("1.500e6", "1.500", "1500"),
            ("100.000", "100.000", "100000"),
        ] {
            let error = ExpressionError::Ambiguous { text: number.to_owned(), suggestion: suggestion.to_owned() };
            assert_eq!(evaluate(text), Err(error), "{text:?}");
        }
        let message = evaluate("1.000").expect_err("ambiguous").to_string();
        assert_eq!(message, "“1.000” can be read in two ways. Did you mean 1000?");
        for (text, suggestion) in
            [("1 2", "12"), ("1,0000,000", "10000000"), ("1.00.0", "1000"), ("1,00.0,0", "10000"), ("1 0000", "10000")]
        {
            let error = ExpressionError::Grouping { text: text.to_owned(), suggestion: suggestion.to_owned() };
            assert_eq!(evaluate(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_errors() {
        use ExpressionError::*;
        let unexpected = |found, position| Unexpected { found, position };
        for (text, error) in [
            ("", Empty),
            ("  ", Empty),
            ("abc", unexpected(UnexpectedToken::Character('a'), 1)),
            ("40abc", unexpected(UnexpectedToken::Character('a'), 3)),
            ("0x28", unexpected(UnexpectedToken::Character('x'), 2)),
            ("1,", unexpected(UnexpectedToken::Character(','), 2)),
            ("10^", unexpected(UnexpectedToken::End, 4)),
            ("(1", unexpected(UnexpectedToken::End, 3)),
            ("1.", unexpected(UnexpectedToken::Character('.'), 2)),
            ("٧", unexpected(UnexpectedToken::Character('٧'), 1)),
            ("1\u{0}", unexpected(UnexpectedToken::Character('\u{0}'), 2)),
            ("1.5", NotWhole),
            ("1,5", NotWhole),
            ("0.500", NotWhole),
            ("2^-1", NotWhole),
            ("1e-1", NotWhole),
            ("2^63", Overflow),
            ("1e19", Overflow),
            ("1e999999999999999999999", Overflow),
            ("10^99999999999", Overflow),
            (&"9".repeat(100), Overflow),
            (&"1".repeat(201), TooLong { allowed: 200 }),
        ] {
            assert_eq!(evaluate(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_number_of_any_size_is_evaluated_to_a_limit() {
        let evaluate = |text: &str| Expression::evaluate(text).map(|number| number.to_string());
        let power = |zeros: usize| Ok(format!("1{}", "0".repeat(zeros)));
        for text in
            ["1e30", "10^30", "10 ^ 30", "2^30*5^30", "1,000,000,000,000,000,000,000,000,000,000", "1.5e30-5*10^29"]
        {
            assert_eq!(evaluate(text), power(30), "{text}");
        }
        assert_eq!(evaluate("2^128-1"), Ok(u128::MAX.to_string()));
        assert_eq!(evaluate("10^30-10^30-7"), Ok("-7".to_owned()));
        assert_eq!(evaluate("(-1)^(10^30+1)"), Ok("-1".to_owned()));
        assert_eq!(evaluate("0^10^30"), Ok("0".to_owned()));
        assert_eq!(evaluate("10^9999"), power(9_999));
        for text in ["10^10001", "1e10001", "2^33220", "3^10^30", "10^6000*10^6000", "9^9^9^9"] {
            assert_eq!(evaluate(text), Err(ExpressionError::Overflow), "{text}");
        }
        assert_eq!(evaluate("1e-999999999999999999999"), Err(ExpressionError::NotWhole));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _: Result<i64, _> = evaluate(&text);
        }

        #[test]
        fn no_text_of_the_right_characters_panics(text in "[-0-9 eE^*+()_',.]{0,200}") {
            let _: Result<i64, _> = evaluate(&text);
        }

        #[test]
        fn every_index_is_an_expression(n: i64) {
            prop_assert_eq!(evaluate(&n.to_string()), Ok(n));
        }

        /// A suggestion evaluates to itself: following it never leads to another question.
        #[test]
        fn a_suggestion_is_a_plain_number(text in "[0-9]{1,6}([ _',.][0-9]{1,4}){1,4}") {
            use ExpressionError::{Ambiguous, Grouping};
            if let Err(Ambiguous { suggestion, .. } | Grouping { suggestion, .. }) = evaluate(&text) {
                prop_assert!(matches!(evaluate(&suggestion), Ok(_) | Err(ExpressionError::Overflow)), "{}", suggestion);
            }
        }
    }
}
