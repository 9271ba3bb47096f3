//! The three routes on which the original calculator's own page works.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Calculation, CalculationState as Standing};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::ask::ask;
use crate::body;
use crate::error::ApiError;
use crate::state::ApiState;

/// So many of the newest calculations are told of.
const NEWEST: u32 = 1_000;
/// The most that `current` answers with, in bytes.
const MAX_BYTES: usize = 1_000_000;
/// Around every entry: quotes, a colon, a comma.
const ENTRY_BYTES: usize = 6;
/// What stands for a value that is not known yet.
const NOTHING_YET: &str = "Nothing yet!";
const COMPLETE: HeaderName = HeaderName::from_static("abaci-complete");

/// An index somebody has asked for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Seen {
    number: i64,
}

/// `GET /api/values/all` lists the newest 1,000 indexes, the newest first.
#[utoipa::path(
    get,
    path = "/api/values/all",
    tag = "original",
    responses(
        (status = 200, description = "The indexes", body = Vec<Seen>),
        (status = 503, description = "The record is out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn all(State(state): State<ApiState>) -> Result<Response, ApiError> {
    let newest = state.ports.store.list(None, NEWEST).await?;
    let seen: Vec<Seen> = newest.iter().map(|found| Seen { number: found.subject.index().get() }).collect();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(seen)).into_response())
}

/// `GET /api/values/current` maps the newest 1,000 indexes to their values, or to “Nothing yet!”.
///
/// Values above 1,000 digits are left out, and so is what would make it more than a megabyte; then the
/// header `Abaci-Complete` is `false`.
#[utoipa::path(
    get,
    path = "/api/values/current",
    tag = "original",
    responses(
        (status = 200, description = "Index to value", body = std::collections::HashMap<String, String>, headers(
            ("abaci-complete" = Option<bool>, description = "`false` when something is left out"),
        )),
        (status = 503, description = "The record is out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn current(State(state): State<ApiState>) -> Result<Response, ApiError> {
    let newest = state.ports.store.list(None, NEWEST).await?;
    let mut values = Values(Vec::with_capacity(newest.len()));
    let (mut size_bytes, mut complete) = (2, true);
    for calculation in &newest {
        let index = calculation.subject.index().to_string();
        let told = told(calculation).filter(|text| {
            let grown = size_bytes + index.len() + text.len() + ENTRY_BYTES;
            grown <= MAX_BYTES && {
                size_bytes = grown;
                true
            }
        });
        match told {
            Some(text) => values.0.push((index, text)),
            None => complete = false,
        }
    }
    let mut response = ([(header::CACHE_CONTROL, "no-cache")], Json(&values)).into_response();
    if !complete {
        response.headers_mut().insert(COMPLETE, HeaderValue::from_static("false"));
    }
    Ok(response)
}

/// What `POST /api/values` answers.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Working {
    working: bool,
}

/// `POST /api/values` asks for F(n), as `POST /api/calculations` does.
#[utoipa::path(
    post,
    path = "/api/values",
    tag = "original",
    request_body = crate::submit::Submit,
    responses(
        (status = 200, description = "It is being worked on, or known", body = Working),
        (status = 400, description = "The body cannot be read", body = wire::Problem, content_type = "application/problem+json"),
        (status = 403, description = "Sent by a page of another site", body = wire::Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither JSON nor a form", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "`Index too high` as text, or a problem", body = String, content_type = "text/plain"),
        (status = 429, description = "Too much work asked for; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(State(state): State<ApiState>, request: Request) -> Result<Response, ApiError> {
    let from = state.client_address(&request);
    let fields = body::read(request, state.limits.body_bytes).await?;
    let admitted = match state.limits.admit(&fields) {
        Err(ApiError::IndexOutOfRange { .. } | ApiError::TooLargeToFit { .. }) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, "Index too high").into_response());
        }
        admitted => admitted?,
    };
    ask(&state, &admitted, from, None).await?;
    Ok(Json(Working { working: true }).into_response())
}

/// The value, if it is short; of one that will come, that it will.
fn told(calculation: &Calculation) -> Option<&str> {
    match &calculation.state {
        Standing::Queued { .. } | Standing::Running { .. } => Some(NOTHING_YET),
        Standing::Done { value, .. } => value.text.as_deref(),
        // The original knows no failures; there will be no value, so there is nothing to tell.
        Standing::Failed { .. } | Standing::Cancelled { .. } => None,
    }
}

/// A map that keeps its order.
struct Values<'a>(Vec<(String, &'a str)>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (index, text) in &self.0 {
            map.serialize_entry(index, text)?;
        }
        map.end()
    }
}
