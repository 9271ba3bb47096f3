//! Numbers with separators between groups of digits, decimals and powers of ten: `1 000 000`, `1.5e6`.

use dashu_int::IBig;

use super::{Expression, ExpressionError, Parser, in_range, power};

/// The meaning of a character between two digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// A space or an apostrophe: separates thousands.
    Thousands,
    /// An underscore: separates digits, as in program text.
    Digits,
    /// A comma: separates thousands or decimals.
    Comma,
    /// A full stop: separates thousands or decimals.
    Dot,
}

impl Separator {
    const fn of(character: char) -> Option<Self> {
        match character {
            ' ' | '\'' | '’' | '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(Self::Thousands),
            '_' => Some(Self::Digits),
            ',' => Some(Self::Comma),
            '.' => Some(Self::Dot),
            _ => None,
        }
    }

    const fn may_be_decimal(self) -> bool {
        matches!(self, Self::Comma | Self::Dot)
    }
}

/// The digits of a number, in groups, with the separators between them (one fewer).
#[derive(Default)]
struct Groups {
    groups: Vec<String>,
    separators: Vec<Separator>,
}

impl Parser {
    /// Parses a number. One that can be read in two ways is an error with a suggestion.
    pub(super) fn number(&mut self) -> Result<IBig, ExpressionError> {
        self.peek();
        let start = self.at;
        let groups = self.groups()?;
        let text = self.characters[start..self.at].iter().collect();
        let exponent = if self.take(&['e', 'E']) { self.exponent()? } else { 0 };
        let (digits, decimals) = groups.read(text)?;
        scale(parse_digits(&digits)?, exponent - decimals)
    }

    fn groups(&mut self) -> Result<Groups, ExpressionError> {
        let mut groups = Groups::default();
        loop {
            let mut group = String::new();
            while let Some(digit) = self.characters.get(self.at).filter(|c| c.is_ascii_digit()) {
                group.push(*digit);
                self.at += 1;
            }
            if group.is_empty() {
                return Err(self.unexpected());
            }
            groups.groups.push(group);
            // A separator belongs to the number only if a digit follows it directly.
            let separator = self.characters.get(self.at).copied().and_then(Separator::of);
            let is_between = self.characters.get(self.at + 1).is_some_and(char::is_ascii_digit);
            match separator.filter(|_| is_between) {
                Some(separator) => groups.separators.push(separator),
                None => return Ok(groups),
            }
            self.at += 1;
        }
    }

    fn exponent(&mut self) -> Result<i64, ExpressionError> {
        let is_negative = self.take(&['-', '−']);
        if !is_negative {
            self.take(&['+']);
        }
        self.peek();
        let groups = self.groups()?;
        let (digits, _) = groups.read(groups.groups.concat())?;
        // No exponent beyond this gives a number in range.
        let exponent = digits.parse().unwrap_or(i64::MAX).min(1_000_000);
        Ok(if is_negative { -exponent } else { exponent })
    }
}

impl Groups {
    /// Returns the digits, and how many of them are decimals.
    fn read(&self, text: String) -> Result<(String, i64), ExpressionError> {
        let digits = self.groups.concat();
        let decimals = self.groups.last().map_or(0, String::len);
        match (self.is_whole(), self.is_decimal()) {
            (true, true) => Err(ExpressionError::Ambiguous { text, suggestion: without_leading_zeros(&digits) }),
            (true, false) => Ok((digits, 0)),
            (false, true) => Ok((digits, i64::try_from(decimals).unwrap_or(i64::MAX))),
            (false, false) => Err(ExpressionError::Grouping { text, suggestion: without_leading_zeros(&digits) }),
        }
    }

    /// Returns whether all groups form one whole number.
    fn is_whole(&self) -> bool {
        is_grouped(&self.groups, &self.separators)
    }

    /// Returns whether the last separator can be a decimal separator.
    fn is_decimal(&self) -> bool {
        let Some((last, before)) = self.separators.split_last() else { return false };
        last.may_be_decimal() && !before.contains(last) && is_grouped(&self.groups[..self.groups.len() - 1], before)
    }
}

/// Returns whether the separators are of one kind, with three digits in each group after the first.
fn is_grouped(groups: &[String], separators: &[Separator]) -> bool {
    let Some(first) = separators.first() else { return true };
    let is_uniform = separators.iter().all(|separator| separator == first);
    let is_regular =
        groups[0].len() <= 3 && !groups[0].starts_with('0') && groups[1..].iter().all(|group| group.len() == 3);
    is_uniform && (*first == Separator::Digits || is_regular)
}

fn without_leading_zeros(digits: &str) -> String {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

fn parse_digits(digits: &str) -> Result<IBig, ExpressionError> {
    digits.parse().map_err(|_| ExpressionError::Overflow)
}

/// Returns mantissa · 10^exponent, if that is whole and fits.
fn scale(mantissa: IBig, exponent: i64) -> Result<IBig, ExpressionError> {
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    let ten = IBig::from(10);
    if mantissa.is_zero() {
        Ok(mantissa)
    } else if exponent >= 0 {
        in_range(mantissa * power(&ten, places)?)
    } else if places > Expression::MAX_CHARACTERS {
        // The mantissa has fewer digits.
        Err(ExpressionError::NotWhole)
    } else {
        let divisor = power(&ten, places)?;
        if (&mantissa % &divisor).is_zero() { Ok(mantissa / divisor) } else { Err(ExpressionError::NotWhole) }
    }
}
