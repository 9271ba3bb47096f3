//! Logs on standard error: text on a terminal, JSON lines everywhere else.

mod json;
#[cfg(test)]
mod log_buffer;
mod repeats;

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use self::repeats::WithoutRepeats;
use super::traces::TraceExport;
use crate::config::LogFilter;

/// Starts logging and passes spans to the export of traces. Call it once per process.
///
/// # Errors
/// When a logger is installed already.
pub(crate) fn start(filter: &LogFilter, traces: &TraceExport) -> Result<(), TryInitError> {
    let filter = filter.targets();
    let registry = tracing_subscriber::registry();
    match traces.layer() {
        // A global filter disables unlogged callsites altogether.
        None => registry.with(filter).with(lines()).try_init()?,
        // Spans are exported whether or not they are logged.
        Some(layer) => registry.with(layer).with(lines().with_filter(filter)).try_init()?,
    }
    traces.warn_if_unsupported();
    Ok(())
}

fn lines<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        lines.with_ansi(true).map_event_format(WithoutRepeats::new).boxed()
    } else {
        let lines = lines.with_ansi(false).json().flatten_event(true);
        lines.map_event_format(|format| WithoutRepeats::new(json::WithErrorSources(format))).boxed()
    }
}
