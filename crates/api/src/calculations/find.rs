//! `GET /api/calculations/{index}/value/find`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use wire::FoundDigits;

use super::digit_search::DigitSearch;
use super::value_part::ValuePart;
use crate::error::ApiError;
use crate::error_responses::CalculationErrors;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::{ClientIp, PathSubject, SubjectParam};
use crate::state::ApiState;

/// The most digits that are searched for.
const MAX_DIGITS: usize = 1_000;

/// `GET /api/calculations/{index}/value/find` returns the first place at which digits occur in a stored value.
///
/// A request reads up to 8 MiB of the value, in about 12 ms of processor time. If there is more, `next` says where to
/// go on; after a place that was found, too.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}/value/find",
    tag = "calculations",
    params(
        SubjectParam,
        ("digits" = String, Query, pattern = "^[0-9]{1,1000}$", description = "The digits to find, 1 to 1,000"),
        ("from" = Option<u64>, Query, minimum = 1, description = "The place of the digit to begin with; 1 if absent"),
    ),
    responses(
        (status = 200, description = "Where the digits occur, or how far was searched", body = wire::FoundDigits),
        CalculationErrors,
        (status = 409, description = "There is no value now; `calculation_status` says why", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an index, or a parameter is missing or invalid", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address reads too many long values at a time, or requested too much work; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The value cannot be read at the moment; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn find_digits(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
    ClientIp(address): ClientIp,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let digits = query.one("digits")?.unwrap_or_default();
    if !(1..=MAX_DIGITS).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid_parameter("digits", digits, &format!("1 to {MAX_DIGITS} digits")));
    }
    let part = ValuePart::open(&state, subject, address, &query).await?;
    let search = DigitSearch::new(digits.as_bytes());
    let (_, found) = part.read(&state, search, |search, piece| search.push(piece)).await?;
    let (from, count, length) = (part.from, part.calculation.digits, digits.len() as u64);
    let (position, to, next) = match found {
        Some(offset) => (Some(from + offset), from + offset + length - 1, from + offset + 1),
        None => (None, part.to, (part.to + 2).saturating_sub(length).max(from)),
    };
    let found = FoundDigits {
        index: part.calculation.subject.argument(),
        subject: part.calculation.subject.to_string(),
        digits: digits.to_owned(),
        from,
        to,
        position,
        next: (next + length - 1 <= count).then_some(next),
        count,
    };
    // The digits of a subject never change.
    Ok(([(header::CACHE_CONTROL, "public, max-age=86400")], Json(found)).into_response())
}
