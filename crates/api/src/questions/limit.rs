//! `GET /api/phi`, `/api/ratios/{n}` and `/api/convergents/{k}`

use answers::{ConvergentQuestion, PhiQuestion, RatioQuestion};
use axum::extract::Path;
use axum::response::Response;
use fibonacci::MAX_PHI_DIGITS;
use http::HeaderMap;

use super::{answer, arguments};
use crate::cacheable::{CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::QueryParams;

const DEFAULT_PLACES: &str = "50";

/// `GET /api/phi` returns digits of the golden ratio.
#[utoipa::path(
    get,
    path = "/api/phi",
    tag = "limit",
    params(
        ("places" = Option<u32>, Query, maximum = 1_000_000, description = "The number of decimal places; 50 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The digits", body = wire::PhiDigits, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn phi(query: QueryParams, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(PhiQuestion { places: places(&query)? }, &headers).await
}

/// `GET /api/ratios/{n}` returns digits of F(n+1)/F(n), which tends to φ, and how many places are those of φ.
#[utoipa::path(
    get,
    path = "/api/ratios/{n}",
    tag = "limit",
    params(
        ("n" = String, Path, max_length = 20, pattern = "^[1-9][0-9]*$", description = "The index"),
        ("places" = Option<u32>, Query, maximum = 1_000_000, description = "The number of decimal places; 50 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The digits", body = wire::RatioDigits, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn ratio(Path(n): Path<String>, query: QueryParams, headers: HeaderMap) -> Result<Response, ApiError> {
    let n = arguments::within("n", &n, 1..=u64::MAX)?;
    answer(RatioQuestion { n, places: places(&query)? }, &headers).await
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

fn places(query: &QueryParams) -> Result<u32, ApiError> {
    arguments::within("places", query.one("places")?.unwrap_or(DEFAULT_PLACES), 0..=MAX_PHI_DIGITS)
}
