//! `GET /api/numbers/{n}`

mod factors;
mod facts;
mod question;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;

use crate::cacheable::{self, CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::QueryParams;
use crate::limits::ApiConfig;

use question::NumberQuestion;

/// `GET /api/numbers/{n}` returns facts about n and F(n) that need no calculation, for |n| < 10^1001. Creates
/// nothing. What would take longer than some milliseconds is refused beforehand.
#[utoipa::path(
    get,
    path = "/api/numbers/{n}",
    tag = "numbers",
    params(
        ("n" = String, Path, max_length = 1_002, pattern = "^(0|-?[1-9][0-9]*)$", description = "The n of F(n), up to 1,001 digits"),
        ("first" = Option<u16>, Query, minimum = 1, maximum = 10_000, description = "How many first digits; 50 if absent"),
        ("last" = Option<u16>, Query, minimum = 1, maximum = 10_000, description = "How many last digits; 50 if absent"),
        ("modulus" = Option<String>, Query, max_length = 10_000, pattern = "^[1-9][0-9]*$", description = "The modulus m for which to return F(n) mod m, and up to 10^15 also π(m); 10 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The facts", body = wire::NumberFacts, headers(
            ("etag" = String, description = "Identifies the facts; weak"),
        )),
        CacheableResponses,
    )
)]
pub(crate) async fn number(
    State(config): State<Arc<ApiConfig>>,
    Path(text): Path<String>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let question = NumberQuestion::parse(&text, &query)?;
    // Milliseconds of arithmetic: not for a thread that serves connections.
    let facts = tokio::task::spawn_blocking(move || facts::facts(&question, &config));
    let facts = facts.await.map_err(|error| ApiError::Internal(error.into()))?;
    cacheable::respond(&headers, &facts)
}
