//! Settings of logs and traces.

use clap::Args;
use tracing_subscriber::filter::{ParseError, Targets};

use super::TraceArgs;

/// Settings of logs and traces.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogArgs {
    /// Log level on standard error: off, error, warn, info, debug or trace, also per module (`info,api=debug`).
    /// Lines are JSON unless standard error is a terminal.
    #[arg(long, env = "ABACI_LOG", value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    pub(crate) log: LogFilter,

    #[command(flatten)]
    pub(crate) traces: TraceArgs,
}

/// A validated filter of log lines.
#[derive(Clone, Debug)]
pub(crate) struct LogFilter(Targets);

/// Error for a text that is not a filter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogFilterError {
    /// A word in the place of a level.
    #[error("expected off, error, warn, info, debug or trace, alone or as module=level, got “{found}”")]
    UnknownLevel {
        /// The word.
        found: String,
    },
    /// Not of the form of a filter.
    #[error("{0}; expected a level (off, error, warn, info, debug, trace) or module=level, separated by commas")]
    Malformed(#[from] ParseError),
}

impl LogFilter {
    /// Returns the filter in the form that `tracing` takes.
    pub(crate) fn targets(&self) -> Targets {
        self.0.clone()
    }
}

/// Parses a filter such as `info,api=debug`.
fn log_filter(text: &str) -> Result<LogFilter, LogFilterError> {
    // `tracing` would take any text for a module's name, and log nothing.
    for directive in text.split(',').map(str::trim) {
        let (module, level) = directive.split_once('=').map_or((directive, None), |(m, level)| (m, Some(level)));
        let is_path = !module.is_empty() && module.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b));
        let is_level =
            ["off", "error", "warn", "info", "debug", "trace"].iter().any(|l| l.eq_ignore_ascii_case(directive));
        if !is_level && !(is_path && (level.is_some() || module.contains("::"))) {
            return Err(LogFilterError::UnknownLevel { found: directive.to_owned() });
        }
    }
    Ok(LogFilter(text.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_levels_per_module() {
        for text in ["info", "OFF", "warn,api=debug", "info,store::sqlite=trace"] {
            assert!(log_filter(text).is_ok(), "{text:?}");
        }
        for text in
            ["", "loud", "info,loud", "api=loud", "info,,debug", "=info=", "¿wrong?", "¿api?=info", "api[span]=info"]
        {
            assert!(log_filter(text).is_err(), "{text:?}");
        }
    }
}
