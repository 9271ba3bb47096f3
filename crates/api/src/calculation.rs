//! `GET /api/calculations/{index}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::admit::PathIndex;
use crate::error::ApiError;
use crate::state::ApiState;

/// `GET /api/calculations/{index}` tells how a calculation stands. Never begins one.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}",
    tag = "calculations",
    params(("index" = String, Path, description = "The n of F(n)")),
    responses(
        (status = 200, description = "The calculation", body = wire::CalculationBody),
        (status = 404, description = "Never asked for", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an index", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The record is out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn calculation(
    State(state): State<ApiState>,
    PathIndex(index): PathIndex,
) -> Result<Response, ApiError> {
    let calculation = state.find(index).await?.ok_or(ApiError::NeverAsked(index))?;
    let body = Json(wire::CalculationBody::from(&calculation));
    Ok(([(header::CACHE_CONTROL, "no-cache")], body).into_response())
}
