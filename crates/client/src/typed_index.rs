//! Parses an index as people type it: all that [`Expression`] reads, and `10⁶`, `10**6`, `F(100)`, `1M`, `10^100`.
//!
//! Text with one meaning is accepted; text with two is returned with both, and never guessed.

use model::{Expression, ExpressionError, Index};

/// The most digits of an index that has facts.
const MAX_DIGITS: usize = 1_000;

/// An index as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypedIndex {
    /// One index, in plain digits.
    One(String),
    /// The text can mean any of these.
    Ambiguous(Vec<String>),
}

/// Parses the text of a field or of a URL.
///
/// # Errors
/// When the text means no whole number, or one that is too large.
pub(crate) fn parse(text: &str) -> Result<TypedIndex, ExpressionError> {
    if text.chars().count() > Expression::MAX_CHARACTERS && !is_canonical(text) {
        return Err(ExpressionError::TooLong { allowed: Expression::MAX_CHARACTERS });
    }
    let text = normalize(text);
    if let Some(large) = large(&text) {
        return Ok(TypedIndex::One(large));
    }
    match evaluate(&text) {
        Err(ExpressionError::Ambiguous { text: number, suggestion }) => {
            let decimal = number.replace(',', ".").trim_end_matches('0').trim_end_matches('.').to_owned();
            let [whole, decimal] = [suggestion, decimal].map(|meaning| evaluate(&text.replacen(&number, &meaning, 1)));
            match (whole, decimal) {
                (Ok(whole), Ok(decimal)) => Ok(TypedIndex::Ambiguous(vec![whole, decimal])),
                (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(TypedIndex::One(one)),
                (Err(error), Err(_)) => Err(error),
            }
        }
        Err(ExpressionError::Grouping { text: number, suggestion }) => {
            Ok(TypedIndex::Ambiguous(vec![evaluate(&text.replacen(&number, &suggestion, 1))?]))
        }
        result => result.map(TypedIndex::One),
    }
}

/// Returns whether the text is an index in plain digits, of any size that has facts.
pub(crate) fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain =
        !digits.is_empty() && digits.len() <= MAX_DIGITS + 1 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && (text == "0" || !digits.starts_with('0'))
}

fn evaluate(text: &str) -> Result<String, ExpressionError> {
    text.parse::<Expression>().map(|expression| expression.index().to_string())
}

/// Rewrites what has one meaning into what [`Expression`] reads.
fn normalize(text: &str) -> String {
    let mut text = text.trim().replace("**", "^").replace('−', "-");
    if let Some(inner) =
        text.strip_prefix(['F', 'f']).and_then(|rest| rest.trim_start().strip_prefix('(')?.strip_suffix(')'))
    {
        text = inner.trim().to_owned();
    }
    let mut out = String::new();
    let mut raised = false;
    for character in text.chars() {
        let digit = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|superscript| superscript == character);
        if let Some(digit) = digit {
            if !raised {
                out.push('^');
            }
            out.push_str(&digit.to_string());
        } else {
            out.push(character);
        }
        raised = digit.is_some();
    }
    for (suffixes, power) in [(&["k", "K"][..], 3), (&["million", "M"], 6), (&["billion", "bn", "G"], 9)] {
        let number = suffixes.iter().find_map(|suffix| out.strip_suffix(suffix)).map(str::trim_end);
        if let Some(number) = number.filter(|number| number.ends_with(|c: char| c.is_ascii_digit())) {
            return format!("{number}e{power}");
        }
    }
    out
}

/// Indexes beyond 64 bits: plain digits, and powers of ten.
fn large(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sign = if digits.len() < text.len() { "-" } else { "" };
    if let Some(exponent) = digits.strip_prefix("10^").or_else(|| digits.strip_prefix("1e")) {
        let exponent: usize = exponent.parse().ok().filter(|exponent| (19..=MAX_DIGITS).contains(exponent))?;
        return Some(format!("{sign}1{}", "0".repeat(exponent)));
    }
    (is_canonical(text) && text.parse::<Index>().is_err()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_one_meaning_is_accepted() {
        for (text, n) in [
            ("1,000,000", "1000000"),
            ("1.000.000", "1000000"),
            ("-1,234,567", "-1234567"),
            ("10⁶", "1000000"),
            ("2²⁰+1", "1048577"),
            ("10**6", "1000000"),
            ("F(100)", "100"),
            ("f( -8 )", "-8"),
            ("1M", "1000000"),
            ("1.5 M", "1500000"),
            ("20k", "20000"),
            ("1bn", "1000000000"),
            ("1.5e6", "1500000"),
            ("2^20+1", "1048577"),
            ("1e18", "1000000000000000000"),
            ("10^20", "100000000000000000000"),
            ("-123456789012345678901", "-123456789012345678901"),
            ("007", "7"),
        ] {
            assert_eq!(parse(text), Ok(TypedIndex::One(n.to_owned())), "{text}");
        }
        assert_eq!(parse("1e1000").map(|typed| matches!(typed, TypedIndex::One(n) if n.len() == 1_001)), Ok(true));
    }

    #[test]
    fn text_with_two_meanings_is_returned_with_both() {
        let both = |a: &str, b: &str| Ok(TypedIndex::Ambiguous(vec![a.to_owned(), b.to_owned()]));
        for text in ["1,000", "1.000", "F(1,000)"] {
            assert_eq!(parse(text), both("1000", "1"), "{text}");
        }
        assert_eq!(parse("2*1.000+1"), both("2001", "3"));
        assert_eq!(parse("1.500"), Ok(TypedIndex::One("1500".to_owned())));
        assert_eq!(parse("1 2"), Ok(TypedIndex::Ambiguous(vec!["12".to_owned()])));
    }

    #[test]
    fn text_without_a_meaning_is_refused() {
        for text in ["", "1,5", "1,000.5", "abc", "F(", "2^64", "M", "1,,000", "10^1001"] {
            assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
        }
    }
}
