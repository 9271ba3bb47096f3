//! Every route with its description, and the middleware around all of them.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::Predicate;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docs::Documents;
use crate::error::ApiError;
use crate::limits::ApiConfig;
use crate::state::ApiState;
use crate::{calculations, docs, events, number, original, questions, system, verify};

/// Less than the shortest `Retry-After`.
const REFUSAL_DELAY: Duration = Duration::from_millis(500);

/// Returns the HTTP API: everything below `/api`, and 404 for everything else.
pub fn router(state: ApiState) -> Router {
    let config = Arc::clone(&state.config);
    let (routes, description) = described_routes().split_for_parts();
    routes
        .layer(Extension(Documents::render(&description)))
        .method_not_allowed_fallback(other_method)
        .fallback(async || ApiError::NoSuchPath)
        .layer(from_fn_with_state(Arc::clone(&config), refuse_cross_site))
        .layer(from_fn(require_acceptable_encoding))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(MediumJson))
        .layer(from_fn_with_state(Arc::clone(&config), add_security_headers))
        .layer(from_fn(server::trace_requests))
        .layer(from_fn(delay_refusals))
        .with_state(state)
}

/// The parts of the description that are not routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Abaci",
        description = "A Fibonacci calculator: submit n, watch F(n) being computed, read its exact digits.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(wire::ProgressEvent)),
    tags(
        (name = "calculations", description = "Submit, list, read, withdraw"),
        (name = "numbers", description = "Facts about a number without computing it"),
        (name = "sequences", description = "Lucas numbers, related sequences, and polynomials"),
        (name = "moduli", description = "The Fibonacci numbers modulo m"),
        (name = "representations", description = "From a number to Fibonacci numbers"),
        (name = "structure", description = "Factors, divisors, primality and digits"),
        (name = "limit", description = "The golden ratio"),
        (name = "events", description = "Live events"),
        (name = "system", description = "The state of the system"),
        (name = "original", description = "The routes of the calculator that this one is modelled on"),
        (name = "description", description = "This description"),
    ),
)]
struct Description;

pub(crate) fn described_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(calculations::submit, calculations::list))
        .routes(routes!(calculations::submit_batch))
        .routes(routes!(calculations::read, calculations::withdraw))
        .routes(routes!(calculations::estimate))
        .routes(routes!(calculations::value))
        .routes(routes!(calculations::compressed_value))
        .routes(routes!(calculations::find_digits))
        .routes(routes!(calculations::count_digits))
        .routes(routes!(events::events))
        .routes(routes!(number::number))
        .routes(routes!(questions::sequence_term))
        .routes(routes!(questions::polynomial))
        .routes(routes!(questions::modulus_period))
        .routes(routes!(questions::residues))
        .routes(routes!(questions::recognition))
        .routes(routes!(questions::representation))
        .routes(routes!(questions::index_sum))
        .routes(routes!(questions::wythoff))
        .routes(routes!(questions::golden_string))
        .routes(routes!(questions::factors))
        .routes(routes!(questions::divisors))
        .routes(routes!(questions::primality))
        .routes(routes!(questions::primes))
        .routes(routes!(questions::digits))
        .routes(routes!(questions::phi))
        .routes(routes!(questions::ratio))
        .routes(routes!(questions::convergent))
        .routes(routes!(verify::verify))
        .routes(routes!(system::system))
        .routes(routes!(original::submit_original))
        .routes(routes!(original::all))
        .routes(routes!(original::current))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::problems))
        .routes(routes!(docs::problem))
}

/// Refuses requests that change something and were sent by a page of another site.
async fn refuse_cross_site(State(config): State<Arc<ApiConfig>>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe && let Err(error) = server::check_same_site(request.headers(), config.public_url.as_ref()) {
        return ApiError::from(error).into_response();
    }
    next.run(request).await
}

/// Sends a refusal to an address that asks for too much only after a while. Who asks again at once, against
/// `Retry-After`, would otherwise take the processor time that the refusals save.
async fn delay_refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        tokio::time::sleep(REFUSAL_DELAY).await;
    }
    response
}

/// Refuses a request whose response could not be encoded acceptably, before it has an effect.
async fn require_acceptable_encoding(request: Request, next: Next) -> Response {
    if !server::accepts_encoding(request.headers()) {
        return ApiError::NotAcceptable.into_response();
    }
    next.run(request).await
}

/// Answers `OPTIONS` and refuses other methods that a path does not have. The router adds `Allow`.
///
/// Answers a CORS preflight with the methods that other sites may use.
async fn other_method(State(config): State<Arc<ApiConfig>>, method: Method, headers: HeaderMap) -> Response {
    if method != Method::OPTIONS {
        return ApiError::MethodNotAllowed.into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if config.is_public && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(READ_HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}

/// Request headers that other sites may send.
const READ_HEADERS: &str = "if-match, if-none-match, if-range, last-event-id, range, traceparent, x-request-id";

/// Adds the security headers, unless the response has its own. Other sites may read only where the API is public.
async fn add_security_headers(State(config): State<Arc<ApiConfig>>, request: Request, next: Next) -> Response {
    let is_open_read = config.is_public && matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    let mut set_default = |name: HeaderName, value: &'static str| {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    };
    set_default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    set_default(header::REFERRER_POLICY, "no-referrer");
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    if is_open_read {
        set_default(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set_default(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "etag, content-range, content-length, accept-ranges, retry-after, abaci-complete, x-request-id",
        );
        set_default(resource_policy, "cross-origin");
    } else {
        set_default(resource_policy, "same-origin");
    }
    response
}

/// Compresses JSON of a size that is worth it and that one request may cost.
///
/// Never values, which are sent as ranges of exact bytes and hardly shrink, and never events, which must not wait
/// in a buffer.
#[derive(Clone, Copy)]
struct MediumJson;

impl MediumJson {
    const BYTES: RangeInclusive<u64> = 1_024..=262_144;
}

impl Predicate for MediumJson {
    fn should_compress<B: http_body::Body>(&self, response: &http::Response<B>) -> bool {
        let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        is_json && response.body().size_hint().exact().is_some_and(|length| Self::BYTES.contains(&length))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::body::Body;
    use axum::routing::get;
    use tokio::time::Instant;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_refusals_of_an_address_are_held_back() {
        for (status, delay) in [
            (StatusCode::OK, Duration::ZERO),
            (StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO),
            (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO),
            (StatusCode::TOO_MANY_REQUESTS, REFUSAL_DELAY),
        ] {
            let router: Router = Router::new().route("/", get(move || async move { status }));
            let start = Instant::now();
            let request = Request::new(Body::empty());
            let response = router.layer(from_fn(delay_refusals)).oneshot(request).await.expect("a response");
            // The clock of the test stands still but for timers.
            assert_eq!((response.status(), start.elapsed()), (status, delay));
        }
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let description = serde_json::to_value(described_routes().to_openapi()).expect("texts");
        let paths = description["paths"].as_object().expect("paths").values();
        let operations: Vec<_> = paths.flat_map(|path| path.as_object().expect("operations").values()).collect();
        let ids: HashSet<_> = operations.iter().map(|operation| operation["operationId"].to_string()).collect();
        assert_eq!(ids.len(), operations.len());
    }
}
