//! `GET /api/calculations/{index}/value/find`

use std::ops::Range;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::header;
use model::{Calculation, Value};
use store::ValueReader;
use wire::FoundDigits;

use super::digit_search::DigitSearch;
use super::value::{open, unreadable};
use crate::error::ApiError;
use crate::error_responses::CalculationErrors;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::{ClientIp, PathSubject, SubjectParam};
use crate::state::ApiState;

/// The most digits that are searched for.
const MAX_DIGITS: usize = 1_000;
/// Values are read and checked in blocks of this size.
const BLOCK_BYTES: u64 = 1 << 20;
/// The most bytes of a value that one request reads.
const MAX_READ_BYTES: u64 = 8 * BLOCK_BYTES;

/// `GET /api/calculations/{index}/value/find` returns the first place at which digits occur in a stored value.
///
/// A request reads up to 8 MiB of the value, in about 16 ms of processor time. If there is more, `next` says where to
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
    let calculation = state.find(&subject).await?.ok_or(ApiError::NeverSubmitted(subject))?;
    let count = calculation.digits;
    let from = query.one("from")?.map_or(Ok(1), |given| {
        let place = Some(given).filter(|given| given.bytes().all(|byte| byte.is_ascii_digit()));
        let place = place.and_then(|given| given.parse().ok()).filter(|place| (1..=count).contains(place));
        place.ok_or_else(|| invalid_parameter("from", given, &format!("1 to {count}")))
    })?;
    let is_long = count > Value::INLINE_BYTES;
    let _share = if is_long { Some(state.open_value(address)?) } else { None };
    let reader = open(&state, &calculation).await?;
    state.usage.add_read(&calculation.subject);

    let sign_bytes = reader.size_bytes - count;
    let range = readable(from - 1 + sign_bytes, reader.size_bytes);
    if is_long && let Some(limit) = &state.rate_limit {
        let blocks = range.end.div_ceil(BLOCK_BYTES) - range.start / BLOCK_BYTES;
        let work = Duration::from_millis(FoundDigits::estimated_ms(blocks * BLOCK_BYTES));
        limit.charge(address, work, state.ports.clock.now()).await?.keep();
    }
    let last_place = range.end - sign_bytes;
    let found = search(&state, &calculation, &reader, range, digits).await?;
    let length = digits.len() as u64;
    let (position, to, next) = match found {
        Some(offset) => (Some(from + offset), from + offset + length - 1, from + offset + 1),
        None => (None, last_place, (last_place + 2).saturating_sub(length).max(from)),
    };
    let found = FoundDigits {
        index: calculation.subject.argument(),
        subject: calculation.subject.to_string(),
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

/// Returns the bytes from `start` that one request reads: whole blocks after the first, as each is checked whole.
fn readable(start: u64, size_bytes: u64) -> Range<u64> {
    let first_block = start - start % BLOCK_BYTES;
    start..size_bytes.min(first_block + MAX_READ_BYTES)
}

/// Returns how far after the start of a range the digits occur first.
async fn search(
    state: &ApiState,
    calculation: &Calculation,
    reader: &ValueReader,
    range: Range<u64>,
    digits: &str,
) -> Result<Option<u64>, ApiError> {
    let mut search = DigitSearch::new(digits.as_bytes());
    let mut pieces = reader.read(range);
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => return Err(unreadable(state, calculation, error).await),
        };
        // Up to a millisecond: not for a thread that serves connections.
        let searched = tokio::task::spawn_blocking(move || {
            let found = search.push(&piece);
            (search, found)
        });
        let found;
        (search, found) = searched.await.map_err(|error| ApiError::Internal(error.into()))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_eight_blocks_at_most_and_ends_with_a_whole_one() {
        for (start, size_bytes, expected) in [
            (0, 10, 0..10),
            (7, 100 << 20, 7..8 << 20),
            ((8 << 20) - 5, 100 << 20, (8 << 20) - 5..15 << 20),
            (99 << 20, 100 << 20, 99 << 20..100 << 20),
        ] {
            assert_eq!(readable(start, size_bytes), expected);
        }
    }
}
