//! `GET /api/calculations`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use wire::CalculationList;

use crate::error::ApiError;
use crate::query::{Query, wrong};
use crate::state::ApiState;

const DEFAULT: u32 = 50;
const MAX: u32 = 200;

/// `GET /api/calculations` lists what was asked for, the newest first asked first.
#[utoipa::path(
    get,
    path = "/api/calculations",
    tag = "calculations",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if not given"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of the record", body = wire::CalculationList),
        (status = 422, description = "A parameter is wrong", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The record is out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(state): State<ApiState>, query: Query) -> Result<Response, ApiError> {
    let limit = match query.one("limit")? {
        None => DEFAULT,
        Some(text) => {
            let limit = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            limit
                .and_then(|text| text.parse().ok())
                .filter(|limit| (1..=MAX).contains(limit))
                .ok_or_else(|| wrong("limit", text, &format!("1 to {MAX}")))?
        }
    };
    let after = match query.one("after")? {
        None => None,
        Some(text) => {
            Some(CalculationList::read_cursor(text).ok_or_else(|| wrong("after", text, "what a page gave as `next`"))?)
        }
    };
    // One more than asked for tells whether there is a next page.
    let mut found = state.ports.store.list(after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| CalculationList::cursor(last.id));
    let items = found.iter().map(Into::into).collect();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(CalculationList { items, next })).into_response())
}
