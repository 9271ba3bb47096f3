//! An id, a span and a measurement for every request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::TraceContext;
use tracing::Instrument;

use crate::metrics;

/// The header with the id of a request, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestContext;
}

struct RequestContext {
    id: String,
    /// The caller's span, if the request came with one.
    parent: Option<TraceContext>,
    trace: Option<TraceContext>,
}

/// Returns the id of the current request, which the log names it by; `None` outside of one.
pub fn current_request_id() -> Option<String> {
    CURRENT.try_with(|context| context.id.clone()).ok()
}

/// Returns the span of the current request, for the work that it causes; `None` outside of one.
pub fn current_trace() -> Option<TraceContext> {
    CURRENT.try_with(|context| context.trace).ok().flatten()
}

/// Middleware that gives every request an id and a span, measures it, and returns its id in `X-Request-Id`.
pub async fn trace_requests(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let mut context = RequestContext::new(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = context.id,
        trace.id = context.trace.map(|trace| trace.trace_id()),
        http.request.method = %method,
        http.route = route,
        otel.kind = "server",
    );
    context.trace = context.trace.map(|trace| spans::begin(&span, context.parent, trace));
    let id = HeaderValue::from_str(&context.id);
    let mut response = CURRENT.scope(context, next.run(request)).instrument(span.clone()).await;

    let (status, elapsed) = (response.status(), start.elapsed());
    span.in_scope(|| tracing::debug!(http.status = status.as_u16(), elapsed_us = elapsed.as_micros(), "answered"));
    spans::answered(&span, method.as_str(), route, status.as_u16());
    metrics::record_response(&method, route, status, elapsed);
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl RequestContext {
    fn new(headers: &HeaderMap) -> Self {
        let parent = headers.get("traceparent").and_then(|text| text.to_str().ok()?.parse::<TraceContext>().ok());
        // Without randomness there is no trace; the request is served all the same.
        let trace = parent.map_or_else(TraceContext::root, |parent| parent.child()).ok();
        let given = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_safe_id(id));
        let id = given.map_or_else(|| trace.as_ref().map_or_else(numbered_id, span_id), str::to_owned);
        Self { id, parent, trace }
    }
}

/// Accepts only characters that need no escaping in a log line or in JSON.
fn is_safe_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Returns the request's own span out of `00-<trace>-<span>-<flags>`.
fn span_id(trace: &TraceContext) -> String {
    trace.to_string().split('-').nth(2).map_or_else(numbered_id, str::to_owned)
}

fn numbered_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(headers: &[(&'static str, &'static str)]) -> RequestContext {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        RequestContext::new(&headers.collect())
    }

    #[test]
    fn a_request_joins_the_trace_it_comes_with() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = context(&[("traceparent", parent)]);
        let trace = context.trace.expect("the system has randomness");
        assert_ne!(trace.to_string(), parent);
        assert_eq!(trace.to_string(), format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", context.id));
    }

    #[test]
    fn a_malformed_traceparent_starts_a_new_trace() {
        let context = context(&[("traceparent", "00-0-0-0")]);
        assert!(context.trace.is_some());
        assert_eq!(context.id.len(), 16);
    }

    #[test]
    fn a_request_id_is_kept_only_if_it_needs_no_escaping() {
        assert_eq!(context(&[("x-request-id", "a-7_Z")]).id, "a-7_Z");
        for odd in ["", "a b", "<b>", "a\"b"] {
            assert_ne!(context(&[("x-request-id", odd)]).id, odd);
        }
    }
}
