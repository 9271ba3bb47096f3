//! Who asks what: an id for every request, its place in a trace, and the headers every answer carries.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use model::TraceContext;
use tracing::Instrument;

use crate::metrics;

/// The header that names a request, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestContext;
}

struct RequestContext {
    id: String,
    trace: Option<TraceContext>,
}

/// The name under which the log knows the request being answered; `None` outside of one.
pub(crate) fn current_request_id() -> Option<String> {
    CURRENT.try_with(|context| context.id.clone()).ok()
}

/// The span of the request being answered, to be handed on to the work it causes.
pub(crate) fn current_trace() -> Option<TraceContext> {
    CURRENT.try_with(|context| context.trace).ok().flatten()
}

/// Wraps every request: names it, measures it, and completes the headers of its answer.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let context = RequestContext::of(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!(
        "request",
        request.id = context.id,
        trace.id = context.trace.map(|trace| trace.trace_id()),
        http.method = %method,
        http.route = route.as_ref().map(MatchedPath::as_str),
    );
    let id = HeaderValue::from_str(&context.id);
    let mut response = CURRENT.scope(context, next.run(request)).instrument(span.clone()).await;

    let took = began.elapsed();
    span.in_scope(|| tracing::debug!(http.status = response.status().as_u16(), took_us = took.as_micros(), "answered"));
    metrics::answered(&method, route.as_ref().map(MatchedPath::as_str), response.status(), took);
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    complete_headers(&method, response.headers_mut());
    response
}

impl RequestContext {
    fn of(headers: &HeaderMap) -> Self {
        let parent = headers.get("traceparent").and_then(|text| text.to_str().ok()?.parse::<TraceContext>().ok());
        // Without randomness there is no trace; the request is served all the same.
        let trace = parent.map_or_else(TraceContext::root, |parent| parent.child()).ok();
        let given = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_id(id));
        let id = given.map_or_else(|| trace.as_ref().map_or_else(numbered, span_id), str::to_owned);
        Self { id, trace }
    }
}

/// Only what can stand in a log line or a problem without doubt.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The request's own span, which tells it from others of its trace: `00-<trace>-<span>-<flags>`.
fn span_id(trace: &TraceContext) -> String {
    trace.to_string().split('-').nth(2).map_or_else(numbered, str::to_owned)
}

fn numbered() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn complete_headers(method: &Method, headers: &mut HeaderMap) {
    let mut set_default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set_default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set_default(header::REFERRER_POLICY, "no-referrer");
    if method == Method::GET || method == Method::HEAD {
        set_default(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set_default(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "etag, content-range, content-length, accept-ranges, retry-after, abaci-complete, x-request-id",
        );
        set_default(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    } else {
        set_default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(headers: &[(&'static str, &'static str)]) -> RequestContext {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        RequestContext::of(&headers.collect())
    }

    #[test]
    fn a_request_is_a_child_of_the_trace_it_comes_with() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = context(&[("traceparent", parent)]);
        let trace = context.trace.expect("the system has randomness");
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.to_string(), parent);
        assert_eq!(trace.to_string(), format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", context.id));
    }

    #[test]
    fn a_request_id_is_kept_only_if_it_can_stand_in_a_log() {
        assert_eq!(context(&[("x-request-id", "a-7_Z")]).id, "a-7_Z");
        for odd in ["", "a b", "<b>", "a\"b"] {
            assert_ne!(context(&[("x-request-id", odd)]).id, odd);
        }
    }

    #[test]
    fn a_broken_traceparent_begins_a_new_trace() {
        let context = context(&[("traceparent", "00-0-0-0")]);
        assert!(context.trace.is_some());
        assert_eq!(context.id.len(), 16);
    }
}
