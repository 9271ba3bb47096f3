//! `GET /api/calculations/{index}/value/digits`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fibonacci::DigitStatistics;
use http::header;
use wire::CountedDigits;

use super::value_part::ValuePart;
use crate::error::ApiError;
use crate::error_responses::CalculationErrors;
use crate::extract::QueryParams;
use crate::limits::{ClientIp, PathSubject, SubjectParam};
use crate::state::ApiState;

/// `GET /api/calculations/{index}/value/digits` counts how often each digit occurs in a stored value.
///
/// A request reads up to 8 MiB of the value, in about 12 ms of processor time. If there is more, `next` says where to
/// go on; the counts and sums of all parts together are those of the value.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}/value/digits",
    tag = "calculations",
    params(
        SubjectParam,
        ("from" = Option<u64>, Query, minimum = 1, description = "The place of the digit to begin with; 1 if absent"),
    ),
    responses(
        (status = 200, description = "The counts of the digits that were read", body = wire::CountedDigits),
        CalculationErrors,
        (status = 409, description = "There is no value now; `calculation_status` says why", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an index, or a parameter is invalid", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address reads too many long values at a time, or requested too much work; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The value cannot be read at the moment; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn count_digits(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
    ClientIp(address): ClientIp,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let part = ValuePart::open(&state, subject, address, &query).await?;
    let push = |statistics: &mut DigitStatistics, piece: &[u8]| -> Option<()> {
        statistics.push(piece);
        None
    };
    let (statistics, _) = part.read(&state, DigitStatistics::default(), push).await?;
    let count = part.calculation.digits;
    let is_whole = (part.from, part.to) == (1, count);
    let counted = CountedDigits {
        index: part.calculation.subject.argument(),
        subject: part.calculation.subject.to_string(),
        from: part.from,
        to: part.to,
        counts: statistics.counts().to_vec(),
        sum: statistics.sum(),
        digital_root: is_whole.then(|| statistics.digital_root()),
        next: (part.to < count).then_some(part.to + 1),
        count,
    };
    // The digits of a subject never change.
    Ok(([(header::CACHE_CONTROL, "public, max-age=86400")], Json(counted)).into_response())
}
