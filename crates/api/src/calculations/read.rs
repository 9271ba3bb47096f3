//! `GET /api/calculations/{index}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::error::ApiError;
use crate::error_responses::{CalculationErrors, StoreErrors};
use crate::limits::PathIndex;
use crate::state::ApiState;

/// `GET /api/calculations/{index}` returns one calculation. It never creates one.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}",
    tag = "calculations",
    params(("index" = String, Path, pattern = "^(0|-?[1-9][0-9]{0,18})$", description = "The n of F(n)")),
    responses(
        (status = 200, description = "The calculation", body = wire::CalculationBody),
        CalculationErrors,
        StoreErrors,
    )
)]
pub(crate) async fn read(State(state): State<ApiState>, PathIndex(index): PathIndex) -> Result<Response, ApiError> {
    let calculation = state.find(index).await?.ok_or(ApiError::NeverSubmitted(index))?;
    let body = Json(wire::CalculationBody::from(&calculation));
    Ok(([(header::CACHE_CONTROL, "no-cache")], body).into_response())
}
