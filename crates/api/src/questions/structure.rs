//! `GET /api/factors/{family}/{n}`, `/api/divisors/{n}`, `/api/primality/{family}/{n}`, `/api/primes/{family}` and
//! `/api/digits/{n}`

use std::sync::Arc;

use answers::{DigitsQuestion, DivisorsQuestion, FactorsQuestion, PrimalityQuestion};
use axum::extract::{Path, State};
use axum::response::Response;
use fibonacci::{MAX_FACTOR_INDEX, MAX_FACTORED, MAX_INDEX};
use http::HeaderMap;

use super::{answer, answer_or_offer, arguments};
use crate::cacheable::{self, CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::limits::ApiConfig;

/// `GET /api/factors/{family}/{n}` returns the algebraic factors of F(n) or L(n): the primitive parts, which need no
/// factorization of the value, and for L(5k) with odd k also the Aurifeuillian factors. Small parts are factored.
#[utoipa::path(
    get,
    path = "/api/factors/{family}/{n}",
    tag = "structure",
    params(
        ("family" = String, Path, pattern = "^(fibonacci|lucas)$", description = "F(n) or L(n)"),
        ("n" = u32, Path, minimum = 1, maximum = 100_000, description = "The index; for L(n) up to 50,000"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The factors", body = wire::Factorization, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn factors(
    Path((family, n)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let family = arguments::family(&family)?;
    let largest = match family {
        answers::Family::Fibonacci => MAX_FACTOR_INDEX,
        answers::Family::Lucas => MAX_FACTOR_INDEX / 2,
    };
    answer(FactorsQuestion { family, n: arguments::within("n", &n, 1..=largest)? }, &headers).await
}

/// `GET /api/divisors/{n}` returns the divisors d of n, for which F(d) divides F(n). An n up to 10^30 is answered at once,
/// whatever its factors are.
#[utoipa::path(
    get,
    path = "/api/divisors/{n}",
    tag = "structure",
    params(
        ("n" = String, Path, max_length = 39, pattern = "^[1-9][0-9]*$", description = "The n"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The divisors", body = wire::DivisorList, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn divisors(Path(n): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(DivisorsQuestion { n: arguments::within("n", &n, 1..=MAX_FACTORED)? }, &headers).await
}

/// `GET /api/primality/{family}/{n}` returns what is known of whether F(n) or L(n) is prime, and why.
#[utoipa::path(
    get,
    path = "/api/primality/{family}/{n}",
    tag = "structure",
    params(
        ("family" = String, Path, pattern = "^(fibonacci|lucas)$", description = "F(n) or L(n)"),
        ("n" = String, Path, max_length = 1_002, pattern = "^(0|-?[1-9][0-9]*)$", description = "The index"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "What is known", body = wire::PrimalityBody, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn primality(
    Path((family, n)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let family = arguments::family(&family)?;
    answer(PrimalityQuestion { family, n: arguments::index("n", &n)? }, &headers).await
}

/// `GET /api/primes/{family}` returns the known indexes of Fibonacci or Lucas primes.
#[utoipa::path(
    get,
    path = "/api/primes/{family}",
    tag = "structure",
    params(
        ("family" = String, Path, pattern = "^(fibonacci|lucas)$", description = "Of F(n) or L(n)"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The indexes", body = wire::KnownPrimes, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn primes(Path(family): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    cacheable::respond(&headers, &answers::known_primes(arguments::family(&family)?))
}

/// `GET /api/digits/{n}` returns how often each digit occurs in F(n), and their sum.
#[utoipa::path(
    get,
    path = "/api/digits/{n}",
    tag = "structure",
    params(
        ("n" = String, Path, max_length = 14, pattern = "^(0|-?[1-9][0-9]*)$", description = "The index"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The counts", body = wire::DigitCounts, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn digits(
    State(config): State<Arc<ApiConfig>>,
    Path(n): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let largest = MAX_INDEX.cast_signed();
    answer_or_offer(DigitsQuestion { n: arguments::signed_within("n", &n, largest)? }, &config, &headers).await
}
