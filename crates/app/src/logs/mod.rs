//! Logs on standard error: for people on a terminal, JSON lines everywhere else.

mod json;

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer};

use crate::traces::Traces;

/// What is logged; checked when the settings are read.
#[derive(Clone, Debug)]
pub(crate) struct Filter(String);

/// Reads a filter such as `info,api=debug`.
pub(crate) fn filter(text: &str) -> Result<Filter, FilterError> {
    // A bare word that is no level would be taken for the name of a part, and nothing be logged.
    for directive in text.split(',').map(str::trim) {
        let plain = directive.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let level =
            ["off", "error", "warn", "info", "debug", "trace"].iter().any(|l| l.eq_ignore_ascii_case(directive));
        if plain && !level {
            return Err(FilterError::NoLevel { found: directive.to_owned() });
        }
    }
    EnvFilter::builder().parse(text)?;
    Ok(Filter(text.to_owned()))
}

/// Why a text is no filter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// A word where a level is wanted.
    #[error("“{found}” is no level; off, error, warn, info, debug and trace are, alone or as part=level")]
    NoLevel {
        /// What was found.
        found: String,
    },
    /// Not of the form of a filter.
    #[error("{0}; a level (off, error, warn, info, debug, trace) or part=level, separated by commas, is wanted")]
    Form(#[from] ParseError),
}

/// Begins to log, and to hand spans on to the export of traces if there is one. Once in the life of the
/// process.
///
/// # Errors
/// When something logs already.
pub(crate) fn start(Filter(filter): &Filter, traces: &Traces) -> Result<(), TryInitError> {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let registry = tracing_subscriber::registry();
    match traces.layer() {
        // What is not logged is not even looked at.
        None => registry.with(filter).with(lines()).try_init()?,
        // Spans are exported whether or not they are logged.
        Some(layer) => registry.with(layer).with(lines().with_filter(filter)).try_init()?,
    }
    traces.warn_if_unheard();
    Ok(())
}

fn lines<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        lines.with_ansi(true).boxed()
    } else {
        lines.with_ansi(false).json().flatten_event(true).map_event_format(json::WithCauses).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_levels_by_part() {
        for text in ["info", "OFF", "warn,api=debug", "info,store::sqlite=trace"] {
            assert!(filter(text).is_ok(), "{text:?}");
        }
        for text in ["", "loud", "info,loud", "api=loud", "info,,debug", "=info="] {
            assert!(filter(text).is_err(), "{text:?}");
        }
    }
}
