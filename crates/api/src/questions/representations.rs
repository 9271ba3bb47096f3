//! From a number to Fibonacci numbers: `GET /api/recognition/{number}`, `/api/representations`, `/api/wythoff/{n}` and
//! `/api/golden-string/{n}`

use answers::{
    GoldenStringQuestion, RecognitionQuestion, RepresentationQuestion, SumForm, SumQuestion, WythoffQuestion,
};
use axum::extract::Path;
use axum::response::Response;
use http::HeaderMap;

use super::{MAX_COUNT, MAX_PATH_DIGITS, answer, arguments};
use crate::cacheable::{CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};

/// The most indexes of a sum, and the largest.
const MAX_SUMMED: usize = 200;
const MAX_SUMMED_INDEX: u32 = 10_000_000;

/// `GET /api/recognition/{number}` returns which Fibonacci number and which Lucas number a number is, and the Fibonacci
/// numbers next to it.
#[utoipa::path(
    get,
    path = "/api/recognition/{number}",
    tag = "representations",
    params(
        ("number" = String, Path, max_length = 1_000, pattern = "^(0|[1-9][0-9]*)$", description = "The number"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The indexes", body = wire::FibonacciIndex, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn recognition(Path(number): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    arguments::natural("number", &number, MAX_PATH_DIGITS)?;
    answer(RecognitionQuestion { number }, &headers).await
}

/// `GET /api/representations/{number}` returns the indexes of Fibonacci numbers that add up to a number, in one of
/// three forms.
#[utoipa::path(
    get,
    path = "/api/representations/{number}",
    tag = "representations",
    params(
        ("number" = String, Path, max_length = 1_000, pattern = "^(0|[1-9][0-9]*)$", description = "The number"),
        ("form" = Option<String>, Query, pattern = "^(zeckendorf|dual|even)$", description = "The form: `zeckendorf` if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The indexes", body = wire::Representation, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn representation(
    Path(number): Path<String>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let form = match query.one("form")?.unwrap_or("zeckendorf") {
        "zeckendorf" => SumForm::Zeckendorf,
        "dual" => SumForm::Dual,
        "even" => SumForm::Even,
        other => return Err(invalid_parameter("form", other, "zeckendorf, dual or even")),
    };
    let number = arguments::natural("number", &number, MAX_PATH_DIGITS)?;
    answer(RepresentationQuestion { number, form }, &headers).await
}

/// `GET /api/representations` returns the number that Fibonacci numbers add up to, which is the way back.
#[utoipa::path(
    get,
    path = "/api/representations",
    tag = "representations",
    params(
        ("indexes" = String, Query, max_length = 2_000, pattern = "^[0-9]{1,8}(,[0-9]{1,8})*$", description = "The indexes, separated by commas: up to 200, each from 0 to 10,000,000"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The sum", body = wire::IndexSum, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn index_sum(query: QueryParams, headers: HeaderMap) -> Result<Response, ApiError> {
    let text = arguments::required(&query, "indexes")?;
    let index = |text| arguments::within("indexes", text, 0..=MAX_SUMMED_INDEX);
    let indexes: Vec<u32> = text.split(',').map(index).collect::<Result<_, _>>()?;
    if indexes.len() > MAX_SUMMED {
        return Err(invalid_parameter("indexes", text, &format!("up to {MAX_SUMMED} indexes")));
    }
    answer(SumQuestion { indexes }, &headers).await
}

/// `GET /api/wythoff/{n}` returns the n-th Wythoff pair, ⌊n·φ⌋ and ⌊n·φ²⌋.
#[utoipa::path(
    get,
    path = "/api/wythoff/{n}",
    tag = "representations",
    params(
        ("n" = String, Path, max_length = 1_000, pattern = "^(0|[1-9][0-9]*)$", description = "The place of the pair"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The pair", body = wire::WythoffBody, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn wythoff(Path(n): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(WythoffQuestion { n: arguments::natural("n", &n, MAX_PATH_DIGITS)? }, &headers).await
}

/// `GET /api/golden-string/{n}` returns characters of the golden string 0100101001001… from position n on.
///
/// The string begins with 0, and does not change when each 0 becomes 01 and each 1 becomes 0.
#[utoipa::path(
    get,
    path = "/api/golden-string/{n}",
    tag = "representations",
    params(
        ("n" = String, Path, max_length = 1_000, pattern = "^(0|[1-9][0-9]*)$", description = "The first position, from 0"),
        ("count" = Option<u32>, Query, minimum = 1, maximum = 10_000, description = "How many characters; 100 if absent"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The characters", body = wire::GoldenCharacters, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn golden_string(
    Path(n): Path<String>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let n = arguments::natural("n", &n, MAX_PATH_DIGITS)?;
    let count = arguments::within("count", query.one("count")?.unwrap_or("100"), 1..=MAX_COUNT)?;
    answer(GoldenStringQuestion { n, count }, &headers).await
}
