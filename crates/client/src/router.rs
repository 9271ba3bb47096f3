//! The routes of the pages, and the security headers on every response.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use tower_http::compression::CompressionLayer;

use crate::{ClientState, endpoints};

/// The maximum size of a form: a field of at most 200 characters needs far less.
const MAX_FORM_BYTES: usize = 16 << 10;

/// The maximum size of a form with digits to verify. The script sends more, to the API.
const MAX_COPY_BYTES: usize = 256 << 10;

const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns the router of all pages.
///
/// Served with `into_make_service_with_connect_info::<SocketAddr>()`, the visitor's address is forwarded to
/// the API.
pub fn router(state: ClientState) -> Router {
    let files = match &state.settings.assets_dir {
        None => Router::new().route("/assets/{name}", get(endpoints::asset)),
        Some(folder) => endpoints::development_assets(folder.clone()),
    };
    Router::new()
        .merge(files)
        .route("/assets/OFL.txt", get(endpoints::face_licence))
        .route("/", get(endpoints::home).post(endpoints::submit))
        .route("/n/{index}", get(endpoints::number))
        .route("/n/{index}/fragment", get(endpoints::number_fragment))
        .route("/n/{index}/withdraw", post(endpoints::cancel))
        .route("/n/{index}/verify", post(endpoints::verify).layer(DefaultBodyLimit::max(MAX_COPY_BYTES)))
        .route("/n/{index}/preview.svg", get(endpoints::preview_svg))
        .route("/n/{index}/preview.png", get(endpoints::preview_png))
        .route("/fragments/history", get(endpoints::history_fragment))
        .route("/fragments/row/{subject}", get(endpoints::row_fragment))
        .route("/fragments/system", get(endpoints::system_fragment))
        .route("/fragments/race", get(endpoints::race_fragment))
        .route("/fragments/queue/{subject}", get(endpoints::queue_fragment))
        .route("/about", get(endpoints::about))
        .route("/card", get(endpoints::card))
        .route("/surprise", get(endpoints::surprise))
        .route("/.well-known/security.txt", get(endpoints::security_text))
        .route("/robots.txt", get(endpoints::robots))
        .route("/sitemap.xml", get(endpoints::sitemap))
        .fallback(endpoints::not_found)
        .method_not_allowed_fallback(endpoints::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(map_response(add_security_headers))
        .layer(CompressionLayer::new())
        .layer(from_fn(server::trace_requests))
        .with_state(state)
}

/// Adds headers that make browsers strict. Pages are revalidated each time because they show what changes.
async fn add_security_headers(mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    let is_of = |media_type: &str| {
        headers.get(CONTENT_TYPE).is_some_and(|found| found.as_bytes().starts_with(media_type.as_bytes()))
    };
    let (is_page, runs_nothing) = (is_of("text/html"), is_of("text/css") || is_of("font/"));
    // The policy says what may run.
    if !runs_nothing {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: with it, browsers send our own forms with `Origin: null`.
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // These say how a page is opened and what its scripts may use, and mean nothing with a script or an image.
    if is_page {
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    // An image may be embedded by other sites.
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.entry(resource_policy).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}
