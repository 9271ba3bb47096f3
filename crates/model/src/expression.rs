//! What a person may type for an index: `1 000 000`, `1e6`, `10^6`, `2^20+1`.
//!
//! The page and the command line read expressions; the API takes canonical indexes only.

use std::fmt;
use std::str::FromStr;

use crate::Index;

/// An expression and the index it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression {
    index: Index,
}

/// Why an expression stands for no index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// Nothing was typed.
    #[error("no index was given")]
    Empty,
    /// Longer than anything that makes sense.
    #[error("longer than {allowed} characters")]
    TooLong {
        /// The most characters read.
        allowed: usize,
    },
    /// Something that is not part of an expression.
    #[error("{found} is not understood at place {place}; whole numbers, e, ^, *, +, - and brackets are")]
    Unexpected {
        /// What stands there.
        found: Found,
        /// Which character it is, from 1.
        place: usize,
    },
    /// Well formed, but not a whole number.
    #[error("not a whole number")]
    NotWhole,
    /// Well formed, but beyond 64 bits.
    #[error("beyond what an index can be (−2^63 to 2^63 − 1)")]
    Overflow,
}

/// What stands where it was not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A character.
    Character(char),
    /// The end of the text.
    End,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(f, "“{}”", character.escape_debug()),
            Self::End => f.write_str("the end"),
        }
    }
}

impl Expression {
    /// The most characters that are read.
    pub const MAX_CHARACTERS: usize = 200;

    /// The index it stands for.
    pub const fn index(self) -> Index {
        self.index
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let characters: Vec<char> = text.chars().take(Self::MAX_CHARACTERS + 1).collect();
        if characters.len() > Self::MAX_CHARACTERS {
            return Err(ExpressionError::TooLong { allowed: Self::MAX_CHARACTERS });
        }
        if characters.iter().all(|c| c.is_whitespace()) {
            return Err(ExpressionError::Empty);
        }
        let mut parser = Parser { characters, at: 0 };
        let number = parser.sum()?;
        if parser.peek().is_some() {
            return Err(parser.unexpected());
        }
        i64::try_from(number).map(|n| Self { index: Index::new(n) }).map_err(|_| ExpressionError::Overflow)
    }
}

/// Recursive descent over at most [`Expression::MAX_CHARACTERS`] characters, in 128 bits so that
/// `2^63-1` works. Depth is bounded by the length.
struct Parser {
    characters: Vec<char>,
    at: usize,
}

impl Parser {
    fn sum(&mut self) -> Result<i128, ExpressionError> {
        let mut total = self.product()?;
        loop {
            total = if self.take(&['+']) {
                total.checked_add(self.product()?)
            } else if self.take(&['-', '−']) {
                total.checked_sub(self.product()?)
            } else {
                return Ok(total);
            }
            .ok_or(ExpressionError::Overflow)?;
        }
    }

    fn product(&mut self) -> Result<i128, ExpressionError> {
        let mut total = self.signed()?;
        while self.take(&['*', '·', '×']) {
            total = total.checked_mul(self.signed()?).ok_or(ExpressionError::Overflow)?;
        }
        Ok(total)
    }

    /// `-2^2` is −4, as in mathematics: the sign binds less than the power.
    fn signed(&mut self) -> Result<i128, ExpressionError> {
        if self.take(&['-', '−']) {
            return self.signed()?.checked_neg().ok_or(ExpressionError::Overflow);
        }
        if self.take(&['+']) {
            return self.signed();
        }
        self.power()
    }

    fn power(&mut self) -> Result<i128, ExpressionError> {
        let base = self.atom()?;
        if !self.take(&['^']) {
            return Ok(base);
        }
        let exponent = self.signed()?;
        match (base, u32::try_from(exponent)) {
            (1, _) => Ok(1),
            (-1, _) => Ok(if exponent % 2 == 0 { 1 } else { -1 }),
            (_, Ok(exponent)) => base.checked_pow(exponent).ok_or(ExpressionError::Overflow),
            (_, Err(_)) if exponent < 0 => Err(ExpressionError::NotWhole),
            (0, Err(_)) => Ok(0),
            (_, Err(_)) => Err(ExpressionError::Overflow),
        }
    }

    fn atom(&mut self) -> Result<i128, ExpressionError> {
        if !self.take(&['(']) {
            return self.number();
        }
        let inner = self.sum()?;
        if self.take(&[')']) { Ok(inner) } else { Err(self.unexpected()) }
    }

    /// Digits with thin marks between groups (`1 000 000`, `1_000_000`, `1'000'000`), perhaps a
    /// fraction, perhaps a power of ten: `1.5e6`. Commas are left out: they mean two things.
    fn number(&mut self) -> Result<i128, ExpressionError> {
        let mut mantissa: i128 = i128::from(self.digit().ok_or_else(|| self.unexpected())?);
        let push = |mantissa: i128, digit: u8| {
            mantissa.checked_mul(10).and_then(|m| m.checked_add(i128::from(digit))).ok_or(ExpressionError::Overflow)
        };
        while let Some(digit) = self.digit_of_group() {
            mantissa = push(mantissa, digit)?;
        }
        let mut decimals: i128 = 0;
        if self.take(&['.']) {
            let mut digit = Some(self.digit().ok_or_else(|| self.unexpected())?);
            while let Some(next) = digit {
                mantissa = push(mantissa, next)?;
                decimals += 1;
                digit = self.digit_of_group();
            }
        }
        let exponent = if self.take(&['e', 'E']) { self.exponent()? } else { 0 };
        scale(mantissa, exponent - decimals)
    }

    fn exponent(&mut self) -> Result<i128, ExpressionError> {
        let negative = self.take(&['-', '−']);
        if !negative {
            self.take(&['+']);
        }
        let mut exponent = i128::from(self.digit().ok_or_else(|| self.unexpected())?);
        while let Some(digit) = self.digit_of_group() {
            // No exponent beyond this can give a number in range, so the rest is only read past.
            exponent = (exponent * 10 + i128::from(digit)).min(1_000_000);
        }
        Ok(if negative { -exponent } else { exponent })
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.peek()?.to_digit(10)?;
        self.at += 1;
        u8::try_from(digit).ok()
    }

    /// The next digit, past one mark of grouping if a digit follows it directly.
    fn digit_of_group(&mut self) -> Option<u8> {
        let start = self.at;
        let mark = |c: &char| matches!(c, ' ' | '_' | '\'' | '’' | '\u{a0}' | '\u{2009}' | '\u{202f}');
        if self.characters.get(self.at).is_some_and(mark) {
            self.at += 1;
        }
        match self.characters.get(self.at).and_then(|c| c.to_digit(10)) {
            Some(_) => self.digit(),
            None => {
                self.at = start;
                None
            }
        }
    }

    fn take(&mut self, any_of: &[char]) -> bool {
        let found = self.peek().is_some_and(|c| any_of.contains(&c));
        if found {
            self.at += 1;
        }
        found
    }

    /// The next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn unexpected(&mut self) -> ExpressionError {
        let found = self.peek().map_or(Found::End, Found::Character);
        ExpressionError::Unexpected { found, place: self.at + 1 }
    }
}

/// mantissa · 10^power, if that is whole and fits.
fn scale(mantissa: i128, power: i128) -> Result<i128, ExpressionError> {
    if mantissa == 0 {
        return Ok(0);
    }
    let ten_to_the = |power: i128| u32::try_from(power).ok().and_then(|power| 10_i128.checked_pow(power));
    if power >= 0 {
        return ten_to_the(power).and_then(|p| mantissa.checked_mul(p)).ok_or(ExpressionError::Overflow);
    }
    match ten_to_the(-power) {
        Some(divisor) if mantissa % divisor == 0 => Ok(mantissa / divisor),
        _ => Err(ExpressionError::NotWhole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<i64, ExpressionError> {
        text.parse::<Expression>().map(|expression| expression.index().get())
    }

    #[test]
    fn what_people_type_is_understood() {
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
            ("1e6", 1_000_000),
            ("1E+6", 1_000_000),
            ("1.5e6", 1_500_000),
            ("1500e-2", 15),
            ("1.0", 1),
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
            assert_eq!(read(text), Ok(n), "{text:?}");
        }
    }

    #[test]
    fn what_stands_for_no_index_says_why() {
        use ExpressionError::*;
        let unexpected = |found, place| Unexpected { found, place };
        for (text, error) in [
            ("", Empty),
            ("  ", Empty),
            ("abc", unexpected(Found::Character('a'), 1)),
            ("40abc", unexpected(Found::Character('a'), 3)),
            ("0x28", unexpected(Found::Character('x'), 2)),
            ("1,000", unexpected(Found::Character(','), 2)),
            ("10^", unexpected(Found::End, 4)),
            ("(1", unexpected(Found::End, 3)),
            ("1.", unexpected(Found::End, 3)),
            ("٧", unexpected(Found::Character('٧'), 1)),
            ("1\u{0}", unexpected(Found::Character('\u{0}'), 2)),
            ("1.5", NotWhole),
            ("2^-1", NotWhole),
            ("1e-1", NotWhole),
            ("2^63", Overflow),
            ("1e19", Overflow),
            ("1e999999999999999999999", Overflow),
            ("10^99999999999", Overflow),
            (&"9".repeat(100), Overflow),
            (&"1".repeat(201), TooLong { allowed: 200 }),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _: Result<i64, _> = read(&text);
        }

        #[test]
        fn no_text_of_the_right_characters_panics(text in "[-0-9 eE^*+().]{0,200}") {
            let _: Result<i64, _> = read(&text);
        }

        #[test]
        fn every_index_is_an_expression(n: i64) {
            prop_assert_eq!(read(&n.to_string()), Ok(n));
        }
    }
}
