//! `DELETE /api/calculations/{index}`

use axum::Json;
use axum::extract::{Request, State};
use http::HeaderMap;
use model::{AskToken, Index, Subject};
use store::WithdrawResult;

use crate::admit::PathIndex;
use crate::body::{self, Given};
use crate::error::ApiError;
use crate::state::ApiState;

/// `DELETE /api/calculations/{index}` withdraws an ask. Work stops when no ask is left.
#[utoipa::path(
    delete,
    path = "/api/calculations/{index}",
    tag = "calculations",
    params(
        ("index" = String, Path, description = "The n of F(n)"),
        ("abaci-ask" = Option<String>, Header, description = "The token of the ask; a form or JSON field `ask` will do as well"),
    ),
    responses(
        (status = 200, description = "Withdrawn; the calculation as it now stands", body = wire::CalculationBody),
        (status = 403, description = "No token, or none of this calculation's", body = wire::Problem, content_type = "application/problem+json"),
        (status = 404, description = "Never asked for", body = wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "Finished, or too cheap to be withdrawn", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an index", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The record is out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    PathIndex(index): PathIndex,
    request: Request,
) -> Result<Json<wire::CalculationBody>, ApiError> {
    let in_header = token_in(request.headers());
    let fields = body::read_optional(request, state.limits.body_bytes).await?;
    let in_body = match fields.get("ask") {
        Some(Given::Text(text)) => text.parse().ok(),
        _ => None,
    };
    let Some(token) = in_header.or(in_body) else { return Err(refusal(&state, index).await) };
    let subject = Subject::from(index);
    match state.ports.store.withdraw(&subject, &token, state.ports.clock.now()).await? {
        WithdrawResult::Cancelled(calculation) => {
            state.announce(&calculation).await;
            Ok(Json((&calculation).into()))
        }
        WithdrawResult::StillAsked(calculation) => Ok(Json((&calculation).into())),
        WithdrawResult::Forbidden => Err(ApiError::Forbidden),
        WithdrawResult::Conflict(calculation) => Err(ApiError::NotWithdrawable(calculation.status())),
        WithdrawResult::Unknown => Err(ApiError::NeverAsked(index)),
    }
}

fn token_in(headers: &HeaderMap) -> Option<AskToken> {
    headers.get(wire::ASK_HEADER)?.to_str().ok()?.parse().ok()
}

/// Without a token nothing is withdrawn; the answer still tells what a token could have done.
async fn refusal(state: &ApiState, index: Index) -> ApiError {
    let cheap = fibonacci::estimate(index.get()).work <= model::LEASED_ABOVE;
    match state.find(index).await {
        Ok(Some(calculation)) if cheap || calculation.status().is_final() => {
            ApiError::NotWithdrawable(calculation.status())
        }
        Ok(Some(_)) => ApiError::Forbidden,
        Ok(None) => ApiError::NeverAsked(index),
        Err(error) => error.into(),
    }
}
