//! Requests that change something are refused when a page of another site sends them.
//!
//! Browsers say where a request comes from; programs need not say anything and are let through.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, header};

use crate::error::ApiError;
use crate::state::Limits;

/// Refuses what pages of other sites send, unless it only reads.
pub(crate) async fn refuse_cross_site(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && is_cross_site(request.headers(), limits.public_origin.as_deref()) {
        return ApiError::CrossSite.into_response();
    }
    next.run(request).await
}

fn is_cross_site(headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return true;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    // An unreadable origin is no origin of ours, and `null` is what sandboxed pages send.
    let Some((scheme, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return true;
    };
    if public_origin.is_some_and(|public| *origin == *public.trim_end_matches('/')) {
        return false;
    }
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return true,
    };
    let plain = |authority: &str| authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_none_or(|host| plain(host) != plain(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)));
        is_cross_site(&headers.collect(), Some("https://abaci.example/"))
    }

    #[test]
    fn programs_and_pages_of_the_same_site_are_let_through() {
        assert!(!judged(&[("host", "localhost:3050")]));
        assert!(!judged(&[("host", "localhost:3050"), ("origin", "http://localhost:3050")]));
        assert!(!judged(&[("host", "Fib.example"), ("origin", "https://fib.example:443")]));
        assert!(!judged(&[
            ("host", "fib.example:80"),
            ("origin", "http://fib.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!judged(&[("host", "api:5000"), ("origin", "https://abaci.example")]));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        assert!(judged(&[("host", "fib.example"), ("sec-fetch-site", "cross-site")]));
        assert!(judged(&[("host", "fib.example"), ("origin", "https://evil.example")]));
        assert!(judged(&[("host", "fib.example:3050"), ("origin", "http://fib.example")]));
        assert!(judged(&[("host", "fib.example"), ("origin", "null")]));
        assert!(judged(&[("host", "fib.example"), ("origin", "file://fib.example")]));
        assert!(judged(&[("origin", "https://fib.example")]));
    }
}
