//! Every route, and what surrounds all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::Predicate;

use crate::error::ApiError;
use crate::state::{ApiState, Limits};
use crate::{calculation, docs, events, list, number, openapi, original, submit, system, value, withdraw};

/// The HTTP API. Answers everything below `/api`, and everything else with 404.
pub fn router(state: ApiState) -> Router {
    let limits = Arc::clone(&state.limits);
    let routes = routes().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routes
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .fallback(async || ApiError::NoSuchPath)
        .layer(from_fn_with_state(limits, refuse_cross_site))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SomeJson))
        .layer(from_fn(complete_headers))
        .layer(from_fn(server::trace_requests))
        .with_state(state)
}

/// Refuses requests that change something and were sent by a page of another site.
async fn refuse_cross_site(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe && let Err(error) = server::check_same_site(request.headers(), limits.public_url.as_ref()) {
        return ApiError::from(error).into_response();
    }
    next.run(request).await
}

/// Adds the security headers, unless the response has its own.
async fn complete_headers(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    let mut set_default = |name: HeaderName, value: &'static str| {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    };
    set_default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set_default(header::REFERRER_POLICY, "no-referrer");
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    if reads {
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

/// Every path with its methods. The description of the api names exactly these; a test compares.
fn routes() -> Vec<(&'static str, MethodRouter<ApiState>)> {
    vec![
        ("/api/calculations", post(submit::submit).get(list::list)),
        ("/api/calculations/{index}", get(calculation::calculation).delete(withdraw::withdraw)),
        ("/api/calculations/{index}/value", get(value::value)),
        ("/api/numbers/{n}", get(number::number)),
        ("/api/events", get(events::events)),
        ("/api/system", get(system::system)),
        ("/api/values", post(original::submit)),
        ("/api/values/all", get(original::all)),
        ("/api/values/current", get(original::current)),
        ("/api/openapi.json", get(openapi::openapi)),
        ("/api/docs", get(docs::docs)),
    ]
}

/// JSON of a size that is worth it and that one request may cost. Never values, which are sent by
/// ranges of exact bytes and hardly shrink, and never events, which must not wait for a buffer.
#[derive(Clone, Copy)]
struct SomeJson;

impl SomeJson {
    const BYTES: std::ops::RangeInclusive<u64> = 1_024..=262_144;
}

impl Predicate for SomeJson {
    fn should_compress<B: http_body::Body>(&self, response: &http::Response<B>) -> bool {
        let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        is_json && response.body().size_hint().exact().is_some_and(|length| Self::BYTES.contains(&length))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi;

    use super::*;
    use crate::openapi::Description;

    #[tokio::test]
    async fn the_description_names_every_route_and_no_other() {
        let mut served = BTreeSet::new();
        for (path, methods) in routes() {
            let methods = format!("{methods:?}");
            for method in ["get", "post", "put", "patch", "delete"] {
                if !methods.contains(&format!("{method}: None")) {
                    served.insert(format!("{method} {path}"));
                }
            }
        }
        let description = serde_json::to_value(Description::openapi()).expect("texts");
        let paths = description["paths"].as_object().expect("paths");
        let described: BTreeSet<String> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").keys();
                methods.map(move |method| format!("{method} {path}"))
            })
            .collect();
        assert_eq!(served, described);
        assert_eq!(served.len(), 13);
    }
}
