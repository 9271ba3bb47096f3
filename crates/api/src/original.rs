//! The three routes that the page of the original calculator works on.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Calculation, CalculationState};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use store::{CountedList, ListOrder};

use crate::calculations::{SubmitBody, submit_subject};
use crate::error::ApiError;
use crate::error_responses::{BodyErrors, FieldErrors, StoreErrors};
use crate::extract::read_fields;
use crate::limits::ClientIp;
use crate::state::ApiState;

/// Number of calculations returned, the newest.
const NEWEST: u32 = 1_000;
/// Maximum size of the response of `current`, in bytes.
const MAX_BYTES: usize = 1_000_000;
/// Quotes, colon and comma of each entry.
const ENTRY_BYTES: usize = 6;
/// Stands for a value that is not known yet.
const NOTHING_YET: &str = "Nothing yet!";
const COMPLETE: HeaderName = HeaderName::from_static("abaci-complete");

/// An index that was submitted.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SubmittedIndex {
    number: i64,
}

/// `GET /api/values/all` lists the newest 1,000 indexes, newest first.
#[utoipa::path(
    get,
    path = "/api/values/all",
    tag = "original",
    responses(
        (status = 200, description = "The indexes", body = Vec<SubmittedIndex>),
        StoreErrors,
    )
)]
pub(crate) async fn all(State(state): State<ApiState>, ClientIp(address): ClientIp) -> Result<Response, ApiError> {
    let newest = state.read_list(address, ListOrder::Newest { before: None }, CountedList::Numbers, NEWEST).await?;
    let indexes = newest.calculations.iter().filter_map(|found| found.subject.fibonacci_index());
    let indexes: Vec<SubmittedIndex> = indexes.map(|index| SubmittedIndex { number: index.get() }).collect();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(indexes)).into_response())
}

/// `GET /api/values/current` maps the newest 1,000 indexes to their values, or to “Nothing yet!”.
///
/// Values above 1,000 digits are left out, and so is everything above a megabyte; then the header `Abaci-Complete`
/// is `false`.
#[utoipa::path(
    get,
    path = "/api/values/current",
    tag = "original",
    responses(
        (status = 200, description = "Index to value", body = std::collections::HashMap<String, String>, headers(
            ("abaci-complete" = Option<bool>, description = "`false` when something is left out"),
        )),
        StoreErrors,
    )
)]
pub(crate) async fn current(State(state): State<ApiState>, ClientIp(address): ClientIp) -> Result<Response, ApiError> {
    let newest = state.read_list(address, ListOrder::Newest { before: None }, CountedList::Numbers, NEWEST).await?;
    let mut values = OrderedMap(Vec::with_capacity(newest.calculations.len()));
    let (mut size_bytes, mut complete) = (2, true);
    for calculation in newest.calculations.iter() {
        let index = calculation.subject.argument();
        let text = shown_value(calculation).filter(|text| {
            let grown = size_bytes + index.len() + text.len() + ENTRY_BYTES;
            grown <= MAX_BYTES && {
                size_bytes = grown;
                true
            }
        });
        match text {
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

/// The response to `POST /api/values`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Working {
    working: bool,
}

/// `POST /api/values` submits an index, as `POST /api/calculations` does.
#[utoipa::path(
    post,
    path = "/api/values",
    tag = "original",
    request_body = SubmitBody,
    responses(
        (status = 200, description = "It will be computed, or is known", body = Working),
        BodyErrors,
        FieldErrors,
        (status = 422, description = "`Index too high` as text, or a problem", content((String = "text/plain"), (wire::Problem = "application/problem+json"))),
        (status = 429, description = "Too much work requested; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit_original(State(state): State<ApiState>, request: Request) -> Result<Response, ApiError> {
    let from = server::client_address(request.headers(), request.extensions(), &state.config.trusted_proxies);
    let fields = read_fields(request, state.config.body_bytes).await?;
    let submitted = match state.config.validate(&fields) {
        Ok(index) => submit_subject(&state, &index, from, None).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match submitted {
        Ok(()) => Ok(Json(Working { working: true }).into_response()),
        Err(ApiError::IndexOutOfRange { .. } | ApiError::TooLargeToFit { .. }) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, "Index too high").into_response())
        }
        Err(error) => Err(error),
    }
}

/// Returns a short value, or that it is not known yet; `None` for what is left out.
fn shown_value(calculation: &Calculation) -> Option<&str> {
    match &calculation.state {
        CalculationState::Queued { .. } | CalculationState::Running { .. } => Some(NOTHING_YET),
        CalculationState::Done { value, .. } => value.text.as_deref(),
        // The original has no failures.
        CalculationState::Failed { .. } | CalculationState::Cancelled { .. } => None,
    }
}

/// A JSON object that keeps its order.
struct OrderedMap<'a>(Vec<(String, &'a str)>);

impl Serialize for OrderedMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (index, text) in &self.0 {
            map.serialize_entry(index, text)?;
        }
        map.end()
    }
}
