//! Exported spans with the ids of our trace contexts.

use std::cell::Cell;

use model::TraceContext;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

thread_local! {
    /// The ids of the span that this thread is starting.
    static STARTING: Cell<Option<TraceContext>> = const { Cell::new(None) };
}

/// Generates the ids of spans: those given to [`begin`](crate::begin), random ones for all others.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    random: RandomIdGenerator,
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        STARTING.get().map_or_else(|| self.random.new_trace_id(), |own| TraceId::from(own.ids().0))
    }

    fn new_span_id(&self) -> SpanId {
        STARTING.get().map_or_else(|| self.random.new_span_id(), |own| SpanId::from(own.ids().1))
    }
}

pub(crate) fn begin(span: &Span, parent: Option<TraceContext>, own: TraceContext) -> TraceContext {
    let remote = parent.map_or_else(Context::new, |parent| {
        let (trace_id, span_id, flags) = parent.ids();
        Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from(trace_id),
            SpanId::from(span_id),
            TraceFlags::new(flags),
            true,
            TraceState::NONE,
        ))
    });
    // An error means that this span is not exported, or nothing is.
    if span.set_parent(remote).is_err() {
        return own;
    }
    STARTING.set(Some(own));
    // `context` creates the span with its ids.
    let context = span.context();
    STARTING.set(None);
    let begun = context.span().span_context().clone();
    let (trace_id, span_id) =
        (u128::from_be_bytes(begun.trace_id().to_bytes()), u64::from_be_bytes(begun.span_id().to_bytes()));
    TraceContext::from_ids(trace_id, span_id, begun.trace_flags().to_u8()).unwrap_or(own)
}

pub(crate) fn answered(span: &Span, method: &str, route: Option<&str>, status: u16) {
    if let Some(route) = route {
        span.context().span().update_name(format!("{method} {route}"));
    }
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}
