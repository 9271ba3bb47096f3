//! The parameters of a request about a number, and whether it can be answered at once.

use std::time::Duration;

use fibonacci::{IBig, UBig, price};

use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::parse_big_index;

/// The most digits at either end, and of a modulus.
const MAX_DIGITS: u16 = 10_000;
const DEFAULT_DIGITS: u16 = 50;
const DEFAULT_MODULUS: u8 = 10;
/// The time that each of the first digits, the last digits and the residue may take; with all others, an answer takes
/// 20 ms at most.
const MAX_WORK: Duration = Duration::from_millis(6);

/// A question that is answered within [`MAX_WORK`] for each parameter.
pub(super) struct NumberQuestion {
    pub(super) n: IBig,
    pub(super) first: u16,
    pub(super) last: u16,
    /// Above 0.
    pub(super) modulus: UBig,
}

impl NumberQuestion {
    /// Reads the index and the query.
    ///
    /// # Errors
    /// A 422 that says what was given and what is allowed, for this index.
    pub(super) fn parse(text: &str, query: &QueryParams) -> Result<Self, ApiError> {
        let n = parse_big_index(text)?;
        let count = |name: &'static str, price: &dyn Fn(u16) -> Duration| -> Result<u16, ApiError> {
            let Some(given) = query.one(name)? else { return Ok(DEFAULT_DIGITS) };
            let fitting = largest_fitting(price);
            let count = given.parse().ok().filter(|count| (1..=fitting).contains(count));
            count.ok_or_else(|| {
                invalid_parameter(name, given, &format!("a whole number from 1 to {fitting} for this index"))
            })
        };
        let first = count("first", &|count| price::first_digits(&n, count))?;
        let last = count("last", &|count| price::last_digits(&n, count))?;
        let modulus = match query.one("modulus")? {
            None => DEFAULT_MODULUS.into(),
            Some(given) => parse_modulus(given, &n)?,
        };
        Ok(Self { n, first, last, modulus })
    }
}

fn parse_modulus(given: &str, n: &IBig) -> Result<UBig, ApiError> {
    let modulus = Some(given)
        .filter(|text| text.len() <= usize::from(MAX_DIGITS) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse::<UBig>().ok())
        .filter(|modulus| !modulus.is_zero() && price::modulo(n, modulus) <= MAX_WORK);
    modulus.ok_or_else(|| {
        let fitting = largest_fitting(&|digits| price::modulo(n, &UBig::from(10_u8).pow(digits.into())));
        invalid_parameter("modulus", given, &format!("a whole number above 0 of up to {fitting} digits for this index"))
    })
}

/// Returns the largest count up to [`MAX_DIGITS`] whose price is within [`MAX_WORK`].
fn largest_fitting(price: &dyn Fn(u16) -> Duration) -> u16 {
    let (mut fitting, mut too_many) = (1, MAX_DIGITS + 1);
    while too_many - fitting > 1 {
        let middle = fitting.midpoint(too_many);
        if price(middle) <= MAX_WORK { fitting = middle } else { too_many = middle }
    }
    fitting
}
