//! The trace of a visit: the request for a page is a span, and what it asks the API its children.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use model::TraceContext;
use tracing::Instrument;

/// The span of the page being made, for the calls of the API.
#[derive(Clone, Copy)]
pub(crate) struct PageTrace(pub(crate) TraceContext);

/// Wraps every request in its span.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let parent = parent(request.headers());
    // Without randomness there is no trace; the page is made all the same.
    let Ok(trace) = parent.map_or_else(TraceContext::root, |parent| parent.child()) else {
        return next.run(request).await;
    };
    let route = request.extensions().get::<MatchedPath>();
    let span = tracing::info_span!(
        "page",
        trace.id = trace.trace_id(),
        http.method = %request.method(),
        http.route = route.map(MatchedPath::as_str),
        otel.kind = "server",
    );
    let trace = spans::begin(&span, parent, trace);
    request.extensions_mut().insert(PageTrace(trace));
    let response = next.run(request).instrument(span.clone()).await;
    spans::answered(&span, response.status().as_u16());
    response
}

fn parent(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get("traceparent")?.to_str().ok()?.parse().ok()
}
