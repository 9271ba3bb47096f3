//! Numbers as arguments.

use std::io::{self, Read};

use answers::MAX_MODULUS_DIGITS;
use fibonacci::{IBig, UBig};

use super::AnswerError;

/// Error for a text that is not a number.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum NumberArgumentError {
    /// Not a modulus.
    #[error("expected a whole number above 0 of up to {MAX_MODULUS_DIGITS} digits")]
    Modulus,
    /// Not a number from 0 on.
    #[error("expected a number in plain digits")]
    Natural,
    /// Not an integer.
    #[error("expected a whole number in plain digits")]
    Integer,
}

/// Reads a modulus in plain digits.
pub(crate) fn parse_modulus(text: &str) -> Result<UBig, NumberArgumentError> {
    Some(text)
        .filter(|text| is_digits(text) && text.len() <= MAX_MODULUS_DIGITS)
        .and_then(|text| text.parse().ok())
        .filter(|modulus: &UBig| !modulus.is_zero())
        .ok_or(NumberArgumentError::Modulus)
}

/// Reads an integer in plain digits, perhaps with a minus.
pub(super) fn parse_integer(text: &str) -> Result<IBig, NumberArgumentError> {
    Some(text)
        .filter(|text| is_digits(text.strip_prefix('-').unwrap_or(text)))
        .and_then(|text| text.parse().ok())
        .ok_or(NumberArgumentError::Integer)
}

/// Reads a number from 0 on in plain digits.
pub(super) fn parse_natural(text: &str) -> Result<UBig, NumberArgumentError> {
    let number = if is_digits(text) { text.parse().ok() } else { None };
    number.ok_or(NumberArgumentError::Natural)
}

/// Returns the text of a number argument: itself, or all of standard input without white space at its end for `-`.
pub(super) fn number_text(argument: String) -> Result<String, AnswerError> {
    if argument != "-" {
        return Ok(argument);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|source| AnswerError::Input { path: "-".into(), source })?;
    text.truncate(text.trim_end().len());
    Ok(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
