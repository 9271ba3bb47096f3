//! Spans of the log that are also spans of a trace which goes from process to process.
//!
//! What travels in headers, rows and jobs is a [`model::TraceContext`]. Where spans are exported, the exported
//! one must bear the very id that travels, or nothing could be its child; that is all this crate sees to.
//! Without the feature `otlp`, or with nobody to export to, nothing happens here.

#[cfg(feature = "otlp")]
mod export;

use model::TraceContext;
use tracing::Span;

#[cfg(feature = "otlp")]
pub use export::Ids;

/// Begins the span `own` of a trace with a span of the log that was made just now, as a child of `parent` or as
/// the root. Gives `own` with what was decided about its export in its flags: hand that on to others.
///
/// Call it before the span is entered. The provider of exported spans must take its ids from `Ids`.
#[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "export only"))]
pub fn begin(span: &Span, parent: Option<TraceContext>, own: TraceContext) -> TraceContext {
    #[cfg(feature = "otlp")]
    let own = export::begin(span, parent, own);
    own
}

/// Notes in the exported span with which status of HTTP its request was answered.
#[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "export only"))]
pub fn answered(span: &Span, status: u16) {
    #[cfg(feature = "otlp")]
    export::answered(span, status);
}
