//! `GET /api/calculations`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use wire::CalculationList;

use crate::error::ApiError;
use crate::error_responses::StoreErrors;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::ClientIp;
use crate::state::ApiState;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// `GET /api/calculations` lists the calculations, newest first.
#[utoipa::path(
    get,
    path = "/api/calculations",
    tag = "calculations",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many, 1 to 200; default 50"),
        ("after" = Option<String>, Query, pattern = "^c[0-9]+$", description = "`next` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of calculations", body = wire::CalculationList),
        (status = 429, description = "This address reads too many lists at a time", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is invalid", body = wire::Problem, content_type = "application/problem+json"),
        StoreErrors,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ClientIp(address): ClientIp,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let limit = match query.one("limit")? {
        None => DEFAULT_LIMIT,
        Some(text) => Some(text)
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| invalid_parameter("limit", text, &format!("1 to {MAX_LIMIT}")))?,
    };
    let parse_cursor = |text: &str| {
        CalculationList::read_cursor(text).ok_or_else(|| invalid_parameter("after", text, "`next` of a page"))
    };
    let after = query.one("after")?.map(parse_cursor).transpose()?;
    // One more than the limit shows whether there is a next page.
    let page = state.read_list(address, after, limit + 1).await?;
    let has_next = page.len() > limit as usize;
    let calculations = &page[..page.len().min(limit as usize)];
    let next = calculations.last().filter(|_| has_next).map(|last| CalculationList::cursor(last.id));
    let items = calculations.iter().map(Into::into).collect();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(CalculationList { items, next })).into_response())
}
