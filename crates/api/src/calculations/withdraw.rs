//! `DELETE /api/calculations/{index}`

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use model::{AskToken, Subject};
use store::WithdrawResult;

use super::range::check_change;
use crate::error::ApiError;
use crate::error_responses::{BodyErrors, CalculationErrors, FieldErrors, StoreErrors};
use crate::extract::{FieldValue, read_optional_fields};
use crate::limits::{ClientIp, PathSubject, SubjectParam};
use crate::state::ApiState;

/// `DELETE /api/calculations/{index}` withdraws a submission. Work stops when no submission is left.
#[utoipa::path(
    delete,
    path = "/api/calculations/{index}",
    tag = "calculations",
    params(
        SubjectParam,
        ("abaci-ask" = Option<String>, Header, description = "The token of the submission; a form or JSON field `ask` works too"),
    ),
    responses(
        (status = 200, description = "Withdrawn; the calculation as it is now", body = wire::CalculationBody),
        BodyErrors,
        FieldErrors,
        CalculationErrors,
        (status = 403, description = "Missing or wrong token, or sent by a page of another site", body = wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "Finished, or too short to be withdrawn", body = wire::Problem, content_type = "application/problem+json"),
        StoreErrors,
        (status = 412, description = "A condition failed; nothing was withdrawn", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    ClientIp(address): ClientIp,
    PathSubject(subject): PathSubject,
    request: Request,
) -> Result<Json<wire::CalculationBody>, ApiError> {
    let in_header = request.headers().get(wire::ASK_HEADER).and_then(|token| token.to_str().ok()?.parse().ok());
    let conditions = check_change(request.headers());
    let fields = read_optional_fields(request, state.config.body_bytes).await?;
    let in_body = || match fields.get("ask") {
        Some(FieldValue::Text(text)) => text.parse().ok(),
        _ => None,
    };
    let token: Option<AskToken> = in_header.or_else(in_body);
    let Some(token) = token else { return Err(refusal(&state, subject, address).await) };
    conditions?;
    match state.ports.store.withdraw(&subject, &token, state.ports.clock.now()).await? {
        WithdrawResult::Cancelled(calculation) => {
            state.publish(&calculation).await;
            Ok(Json((&calculation).into()))
        }
        WithdrawResult::StillAsked(calculation) => Ok(Json((&calculation).into())),
        WithdrawResult::Forbidden => Err(forbidden(address)),
        WithdrawResult::Conflict(calculation) => Err(ApiError::NotWithdrawable(calculation.status())),
        WithdrawResult::Unknown => Err(ApiError::NeverSubmitted(subject)),
    }
}

/// Returns why nothing can be withdrawn without a token: 404 and 409 come before 403.
async fn refusal(state: &ApiState, subject: Subject, address: IpAddr) -> ApiError {
    let is_short = calculator::estimate(&subject).work <= model::LEASED_ABOVE;
    match state.find(&subject).await {
        Ok(Some(calculation)) if is_short || calculation.status().is_final() => {
            ApiError::NotWithdrawable(calculation.status())
        }
        Ok(Some(_)) => forbidden(address),
        Ok(None) => ApiError::NeverSubmitted(subject),
        Err(error) => error.into(),
    }
}

fn forbidden(address: IpAddr) -> ApiError {
    server::record_refusal_of("wrong-token", address);
    ApiError::Forbidden
}
