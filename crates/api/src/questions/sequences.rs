//! `GET /api/sequences/{sequence}/{n}` and `GET /api/polynomials/{family}/{n}`

use std::sync::Arc;

use answers::{PolynomialQuestion, Sequence, SequenceQuestion};
use axum::extract::{Path, State};
use axum::response::Response;
use fibonacci::{IBig, LucasParameters, MAX_ORDER, MAX_POLYNOMIAL};
use http::HeaderMap;

use super::{answer, answer_or_offer, arguments};
use crate::cacheable::{CacheableParams, CacheableResponses};
use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::ApiConfig;

/// The most digits of parameters and seeds.
const MAX_PARAMETER_DIGITS: usize = 1_000;

/// `GET /api/sequences/{sequence}/{n}` returns a number of a sequence of the Fibonacci family, or its residue modulo
/// `modulus`. Negative n are allowed where the value is whole.
///
/// `lucas` is L(n); `u` and `v` are U(n) and V(n) with x(n) = P·x(n−1) − Q·x(n−2); `seeded` is G(n) with G(0) = a,
/// G(1) = b and G(n) = G(n−1) + G(n−2); `kbonacci` is T(n), each the sum of the k before, after k − 1 zeros and a 1.
#[utoipa::path(
    get,
    path = "/api/sequences/{sequence}/{n}",
    tag = "sequences",
    params(
        ("sequence" = String, Path, pattern = "^(lucas|u|v|seeded|kbonacci)$", description = "The sequence"),
        ("n" = String, Path, max_length = 1_002, pattern = "^(0|-?[1-9][0-9]*)$", description = "The index, up to 1,001 digits with a modulus"),
        ("p" = Option<String>, Query, max_length = 1_001, pattern = "^(0|-?[1-9][0-9]*)$", description = "P of `u` and `v`"),
        ("q" = Option<String>, Query, max_length = 1_001, pattern = "^(0|-?[1-9][0-9]*)$", description = "Q of `u` and `v`"),
        ("a" = Option<String>, Query, max_length = 1_001, pattern = "^(0|-?[1-9][0-9]*)$", description = "G(0) of `seeded`"),
        ("b" = Option<String>, Query, max_length = 1_001, pattern = "^(0|-?[1-9][0-9]*)$", description = "G(1) of `seeded`"),
        ("k" = Option<u32>, Query, minimum = 2, maximum = 64, description = "The number of terms that `kbonacci` adds"),
        ("modulus" = Option<String>, Query, max_length = 10_000, pattern = "^[1-9][0-9]*$", description = "The modulus of the residue"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The number or its residue", body = wire::SequenceTerm, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn sequence_term(
    State(config): State<Arc<ApiConfig>>,
    Path((sequence, n)): Path<(String, String)>,
    query: QueryParams,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let n = arguments::index("n", &n)?;
    let sequence = sequence_of(&sequence, &query)?;
    let modulus = arguments::modulus(&query)?;
    answer_or_offer(SequenceQuestion { sequence, n, modulus }, &config, &headers).await
}

fn sequence_of(name: &str, query: &QueryParams) -> Result<Sequence, ApiError> {
    let number = |field: &'static str| {
        let text = query.one(field)?;
        text.map(|text| arguments::integer(field, text, MAX_PARAMETER_DIGITS)).transpose()
    };
    // Wrong ones are refused even if the sequence has no such parameter.
    let (p, q, a, b) = (number("p")?, number("q")?, number("a")?, number("b")?);
    let k = query.one("k")?.map(|text| arguments::within("k", text, 2..=MAX_ORDER)).transpose()?;
    let required = |field, number: Option<IBig>| number.ok_or_else(|| arguments::missing(field));
    Ok(match name {
        "lucas" => Sequence::Lucas,
        "u" => Sequence::U(LucasParameters { p: required("p", p)?, q: required("q", q)? }),
        "v" => Sequence::V(LucasParameters { p: required("p", p)?, q: required("q", q)? }),
        "seeded" => Sequence::Seeded { a: required("a", a)?, b: required("b", b)? },
        "kbonacci" => Sequence::Kbonacci { k: k.ok_or_else(|| arguments::missing("k"))? },
        _ => return Err(invalid_parameter("sequence", name, "lucas, u, v, seeded or kbonacci")),
    })
}

/// `GET /api/polynomials/{family}/{n}` returns the coefficients of the Fibonacci polynomial F(n, x) or of the Lucas
/// polynomial L(n, x). Their values at x = 1 are F(n) and L(n).
#[utoipa::path(
    get,
    path = "/api/polynomials/{family}/{n}",
    tag = "sequences",
    params(
        ("family" = String, Path, pattern = "^(fibonacci|lucas)$", description = "Whose polynomial"),
        ("n" = u32, Path, maximum = 2_000, description = "The index"),
        CacheableParams,
    ),
    responses(
        (status = 200, description = "The coefficients", body = wire::Polynomial, headers(("etag" = String))),
        CacheableResponses,
    )
)]
pub(crate) async fn polynomial(
    Path((family, n)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let family = arguments::family(&family)?;
    let n = arguments::within("n", &n, 0..=MAX_POLYNOMIAL)?;
    answer(PolynomialQuestion { family, n }, &headers).await
}
