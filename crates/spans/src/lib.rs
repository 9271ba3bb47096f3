//! Log spans that are also spans of a distributed trace.
//!
//! Headers, rows and jobs carry a [`model::TraceContext`]. An exported span must have the id that they carry, or it
//! could have no children. Without the feature `otlp`, or without an exporter, [`begin`] and [`answered`] do nothing.

mod call;
#[cfg(feature = "otlp")]
mod export;

use model::TraceContext;
use tracing::Span;

pub use call::{CALL_TARGET, Server, object_span, traced};
#[cfg(feature = "otlp")]
pub use export::Ids;

/// Starts the trace span `own` for a new log span, as a child of `parent` or as the root. Returns `own` with the
/// sampling decision in its flags, to be passed on.
///
/// Call it before the span is entered. The tracer provider must generate its ids with `Ids`.
#[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "export only"))]
pub fn begin(span: &Span, parent: Option<TraceContext>, own: TraceContext) -> TraceContext {
    #[cfg(feature = "otlp")]
    let own = export::begin(span, parent, own);
    own
}

/// Gives the exported span of an answered HTTP request its name, `GET /path/{of}/route`, and the status.
#[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "export only"))]
pub fn answered(span: &Span, method: &str, route: Option<&str>, status: u16) {
    #[cfg(feature = "otlp")]
    export::answered(span, method, route, status);
}
