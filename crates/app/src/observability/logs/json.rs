//! JSON log lines with the sources of an error, which the standard format leaves out.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::observability::error_chain::error_chain;

/// A JSON line format with the member `error.sources` added, which the text format has already.
pub(super) struct WithErrorSources<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for WithErrorSources<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut sources = ErrorSources::default();
        event.record(&mut sources);
        if sources.0.is_empty() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        let sources = serde_json::to_string(&sources.0).map_err(|_| fmt::Error)?;
        writeln!(writer, "{object},\"error.sources\":{sources}}}")
    }
}

/// The sources of the error among an event's fields.
#[derive(Default)]
struct ErrorSources(Vec<String>);

impl Visit for ErrorSources {
    fn record_error(&mut self, _field: &Field, error: &(dyn Error + 'static)) {
        self.0.extend(error_chain(error).split_off(1));
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::observability::logs::log_buffer::LogBuffer;

    #[derive(Debug, thiserror::Error)]
    #[error("unavailable")]
    struct LoggedError(#[source] io::Error);

    #[test]
    fn an_error_is_logged_with_its_sources_and_other_lines_are_unchanged() {
        let buffer = LogBuffer::default();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(buffer.clone());
        let lines = lines.map_event_format(WithErrorSources).finish();
        tracing::subscriber::with_default(lines, || {
            let error = LoggedError(io::Error::other("no \"route\""));
            tracing::warn!(error = &error as &dyn Error, "cannot record");
            tracing::warn!(times = 3, "tried");
        });
        let lines = buffer.json_lines();
        assert_eq!(lines[0]["message"], "cannot record");
        assert_eq!(lines[0]["error"], "unavailable");
        assert_eq!(lines[0]["error.sources"], serde_json::json!(["no \"route\""]));
        assert_eq!((&lines[1]["times"], lines[1].get("error.sources")), (&3.into(), None));
    }
}
