//! Numbers in paths and queries, as strict as an index: plain digits without zeros in front.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use answers::{Family, MAX_INDEX_DIGITS, MAX_MODULUS_DIGITS};
use fibonacci::{IBig, UBig};

use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};

/// Reads an index of up to [`MAX_INDEX_DIGITS`] digits.
pub(super) fn index(field: &'static str, text: &str) -> Result<IBig, ApiError> {
    integer(field, text, MAX_INDEX_DIGITS)
}

/// Reads a whole number.
pub(super) fn integer(field: &'static str, text: &str, max_digits: usize) -> Result<IBig, ApiError> {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let number = if text == "-0" || !is_canonical(magnitude, max_digits) { None } else { text.parse().ok() };
    number.ok_or_else(|| invalid_parameter(field, text, &format!("a whole number of up to {max_digits} digits")))
}

/// Reads a whole number from 0 on.
pub(super) fn natural(field: &'static str, text: &str, max_digits: usize) -> Result<UBig, ApiError> {
    let number = if is_canonical(text, max_digits) { text.parse().ok() } else { None };
    number.ok_or_else(|| invalid_parameter(field, text, &format!("a whole number ≥ 0 of up to {max_digits} digits")))
}

/// Reads a number within a range.
pub(super) fn within<T: FromStr + PartialOrd + Display>(
    field: &'static str,
    text: &str,
    range: RangeInclusive<T>,
) -> Result<T, ApiError> {
    let number = if is_canonical(text, text.len()) { text.parse().ok() } else { None };
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        invalid_parameter(field, text, &format!("a whole number from {} to {}", range.start(), range.end()))
    })
}

/// Reads a number whose magnitude is limited.
pub(super) fn signed_within(field: &'static str, text: &str, largest: i64) -> Result<i64, ApiError> {
    let (sign, magnitude) = text.strip_prefix('-').map_or((1, text), |magnitude| (-1, magnitude));
    let number = if text == "-0" { Err(()) } else { within(field, magnitude, 0..=largest).map_err(|_| ()) };
    let allowed = || invalid_parameter(field, text, &format!("a whole number from -{largest} to {largest}"));
    number.map(|number| sign * number).map_err(|()| allowed())
}

/// Reads Fibonacci or Lucas.
pub(super) fn family(text: &str) -> Result<Family, ApiError> {
    let both = [Family::Fibonacci, Family::Lucas];
    let family = both.into_iter().find(|family| family.name() == text);
    family.ok_or_else(|| invalid_parameter("family", text, "fibonacci or lucas"))
}

/// Returns a query parameter that must be given.
pub(super) fn required<'a>(query: &'a QueryParams, field: &'static str) -> Result<&'a str, ApiError> {
    query.one(field)?.ok_or_else(|| missing(field))
}

/// Returns the error for a parameter that must be given.
pub(super) fn missing(field: &'static str) -> ApiError {
    invalid_parameter(field, "", "a number")
}

/// Reads the modulus in the query, if there is one.
pub(super) fn modulus(query: &QueryParams) -> Result<Option<UBig>, ApiError> {
    let Some(text) = query.one("modulus")? else { return Ok(None) };
    let modulus = natural("modulus", text, MAX_MODULUS_DIGITS)?;
    if modulus.is_zero() {
        return Err(invalid_parameter("modulus", text, "a whole number above 0"));
    }
    Ok(Some(modulus))
}

fn is_canonical(digits: &str, max_digits: usize) -> bool {
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && digits.len() <= max_digits && (digits == "0" || !digits.starts_with('0'))
}
