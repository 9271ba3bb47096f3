//! `GET /api/moduli/{m}` and `GET /api/moduli/{m}/residues`

use answers::{PeriodQuestion, ResiduesQuestion};
use axum::extract::Path;
use axum::response::Response;
use fibonacci::MAX_FACTORED;
use http::HeaderMap;

use super::{MAX_COUNT, MAX_PATH_DIGITS, answer, arguments};
use crate::cacheable::{CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};

/// `GET /api/moduli/{m}` returns the Pisano period of m, its entry point and its prime factors. A modulus up to 10^30
/// is answered at once, whatever its factors are.
#[utoipa::path(
    get,
    path = "/api/moduli/{m}",
    tag = "moduli",
    params(
        ("m" = String, Path, max_length = 39, pattern = "^[1-9][0-9]*$", description = "The modulus"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The period", body = wire::ModulusPeriod, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn modulus_period(Path(m): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(PeriodQuestion { m: arguments::within("m", &m, 1..=MAX_FACTORED)? }, &headers).await
}

/// `GET /api/moduli/{m}/residues` returns F(n), F(n + 1), … modulo m, as many as `count` says.
#[utoipa::path(
    get,
    path = "/api/moduli/{m}/residues",
    tag = "moduli",
    params(
        ("m" = String, Path, max_length = 1_000, pattern = "^[1-9][0-9]*$", description = "The modulus"),
        ("from" = Option<String>, Query, max_length = 1_002, pattern = "^(0|-?[1-9][0-9]*)$", description = "The first n; 0 if absent"),
        ("count" = Option<u32>, Query, minimum = 1, maximum = 10_000, description = "How many residues; 100 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The residues", body = wire::ResidueSequence, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn residues(
    Path(m): Path<String>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let modulus = arguments::natural("m", &m, MAX_PATH_DIGITS)?;
    if modulus.is_zero() {
        return Err(invalid_parameter("m", &m, "a whole number above 0"));
    }
    let from = arguments::index("from", query.one("from")?.unwrap_or("0"))?;
    let count = arguments::within("count", query.one("count")?.unwrap_or("100"), 1..=MAX_COUNT)?;
    answer(ResiduesQuestion { m: modulus, from, count }, &headers).await
}
