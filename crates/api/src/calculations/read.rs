//! `GET /api/calculations/{index}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::Status;

use crate::error::ApiError;
use crate::error_responses::{CalculationErrors, StoreErrors};
use crate::limits::{PathSubject, SubjectParam};
use crate::state::ApiState;

/// `GET /api/calculations/{index}` returns one calculation. It never creates one.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}",
    tag = "calculations",
    params(SubjectParam),
    responses(
        (status = 200, description = "The calculation", body = wire::CalculationBody),
        CalculationErrors,
        StoreErrors,
    )
)]
pub(crate) async fn read(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
) -> Result<Response, ApiError> {
    let calculation = state.find(&subject).await?.ok_or(ApiError::NeverSubmitted(subject))?;
    let announced_at = state.hub.announced_at(&calculation.subject).map(|at| at.to_string());
    let body = wire::CalculationBody::from(&calculation);
    let residues = if body.status == Status::Done {
        Some(state.residues.get(&calculation.subject, body.value.clone()).await?)
    } else {
        None
    };
    let body = wire::CalculationBody { announced_at, residues, ..body };
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}
