//! `GET /api/phi`, `/api/ratios/{n}` and `/api/convergents/{k}`

use std::sync::Arc;

use answers::{ConvergentQuestion, PhiQuestion, RatioQuestion};
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;

use super::{answer, answer_or_offer, arguments};
use crate::cacheable::{CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::QueryParams;
use crate::limits::ApiConfig;

const DEFAULT_PLACES: &str = "50";

/// `GET /api/phi` returns digits of the golden ratio. More than are answered at once are the value of the calculation
/// `Phi(places)`, without the point.
#[utoipa::path(
    get,
    path = "/api/phi",
    tag = "limit",
    params(
        ("places" = Option<u64>, Query, maximum = 9_223_372_036_854_775_807_u64, description = "The number of decimal places; 50 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The digits", body = wire::PhiDigits, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn phi(
    State(config): State<Arc<ApiConfig>>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer_or_offer(PhiQuestion { places: places(&query)? }, &config, &headers).await
}

/// `GET /api/ratios/{n}` returns digits of F(n+1)/F(n), which tends to φ, and how many places are those of φ. For
/// n ≥ 5·(places + 1) all are, and more than are answered at once are the value of the calculation `Phi(places)`.
#[utoipa::path(
    get,
    path = "/api/ratios/{n}",
    tag = "limit",
    params(
        ("n" = String, Path, max_length = 20, pattern = "^[1-9][0-9]*$", description = "The index"),
        ("places" = Option<u64>, Query, maximum = 9_223_372_036_854_775_807_u64, description = "The number of decimal places; 50 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The digits", body = wire::RatioDigits, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn ratio(
    State(config): State<Arc<ApiConfig>>,
    Path(n): Path<String>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let n = arguments::within("n", &n, 1..=u64::MAX)?;
    answer_or_offer(RatioQuestion { n, places: places(&query)? }, &config, &headers).await
}

/// `GET /api/convergents/{k}` returns the k-th convergent of φ = [1; 1, 1, 1, …], which is F(k+2)/F(k+1).
#[utoipa::path(
    get,
    path = "/api/convergents/{k}",
    tag = "limit",
    params(
        ("k" = u16, Path, maximum = 65_535, description = "The place of the convergent, from 0"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The convergent", body = wire::ConvergentBody, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn convergent(Path(k): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(ConvergentQuestion { k: arguments::within("k", &k, 0..=u16::MAX)? }, &headers).await
}

fn places(query: &QueryParams) -> Result<u64, ApiError> {
    arguments::within("places", query.one("places")?.unwrap_or(DEFAULT_PLACES), 0..=i64::MAX.cast_unsigned())
}
