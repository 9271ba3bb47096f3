//! `GET /api/estimates/{index}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use wire::EstimateBody;

use crate::error::ApiError;
use crate::limits::{PathSubject, SubjectParam};
use crate::state::ApiState;

/// `GET /api/estimates/{index}` returns what a calculation would take here, or refuses it as its submission would be
/// refused. It creates nothing.
#[utoipa::path(
    get,
    path = "/api/estimates/{index}",
    tag = "calculations",
    params(SubjectParam),
    responses(
        (status = 200, description = "The estimate", body = EstimateBody),
        (status = 422, description = "Neither an index nor a subject, out of range, or too large to fit", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn estimate(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
) -> Result<Response, ApiError> {
    let valid = state.config.estimate(subject)?;
    state.config.check_workers(&valid, &state.workers)?;
    let body = EstimateBody {
        subject: valid.subject.to_string(),
        digits: valid.digits,
        estimated_ms: u64::try_from(valid.work.as_millis()).unwrap_or(u64::MAX),
        estimated_memory_bytes: valid.memory_bytes,
    };
    // Workers come and go.
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}
