//! A limit of repeated warnings: while a backend is away, one line for each kind of failure, not one for each request.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Time between two lines of one warning.
const PERIOD: Duration = Duration::from_secs(10);

/// Where refusals are logged: each line has the counts since the last, a line a second at most.
const REFUSALS: &str = "server::refusals";

/// A line format that leaves out a warning if the same place in the code wrote one in the last ten seconds. The next
/// line has their number in the field `repeated`. Errors, [`REFUSALS`] and everything else are always written.
pub(super) struct WithoutRepeats<F> {
    format: F,
    /// By the name of the place in the code.
    warnings: Mutex<HashMap<&'static str, LastWarning>>,
}

/// The last line that a place in the code wrote, and how many it left out since.
struct LastWarning {
    at: Instant,
    left_out: u64,
}

impl<F> WithoutRepeats<F> {
    pub(super) fn new(format: F) -> Self {
        Self { format, warnings: Mutex::default() }
    }

    /// Returns whether a warning is written, with the number of those left out before it.
    fn admit(&self, place: &'static str, now: Instant) -> Option<u64> {
        let mut warnings = self.warnings.lock();
        let Some(last) = warnings.get_mut(place) else {
            warnings.insert(place, LastWarning { at: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(last.at) < PERIOD {
            last.left_out += 1;
            return None;
        }
        let last = std::mem::replace(last, LastWarning { at: now, left_out: 0 });
        Some(last.left_out)
    }
}

impl<S, N, F> FormatEvent<S, N> for WithoutRepeats<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if *event.metadata().level() != Level::WARN || event.metadata().target() == REFUSALS {
            return self.format.format_event(context, writer, event);
        }
        let left_out = match self.admit(event.metadata().name(), Instant::now()) {
            None => return Ok(()),
            Some(0) => return self.format.format_event(context, writer, event),
            Some(left_out) => left_out,
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}').filter(|object| object.starts_with('{')) {
            Some(object) => writeln!(writer, "{object},\"repeated\":{left_out}}}"),
            None => writeln!(writer, "{} repeated={left_out}", line.trim_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observability::logs::log_buffer::LogBuffer;

    #[test]
    fn a_warning_is_written_once_and_others_and_errors_are_not_affected() {
        let buffer = LogBuffer::default();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(buffer.clone());
        let lines = lines.map_event_format(WithoutRepeats::new).finish();
        tracing::subscriber::with_default(lines, || {
            for request in 0..100 {
                tracing::warn!(request, "Redis is away");
            }
            tracing::warn!("the bucket is away");
            for request in 0..3 {
                tracing::error!(request, "broken");
            }
        });
        let messages: Vec<_> = buffer.json_lines().iter().map(|line| line["message"].to_string()).collect();
        assert_eq!(messages, ["\"Redis is away\"", "\"the bucket is away\"", "\"broken\"", "\"broken\"", "\"broken\""]);
    }

    #[test]
    fn the_next_line_has_the_number_of_those_left_out() {
        let format = WithoutRepeats::new(());
        let start = Instant::now();
        assert_eq!(format.admit("a", start), Some(0));
        assert_eq!(format.admit("a", start), None);
        assert_eq!(format.admit("a", start + PERIOD / 2), None);
        assert_eq!(format.admit("b", start + PERIOD / 2), Some(0));
        assert_eq!(format.admit("a", start + PERIOD), Some(2));
        assert_eq!(format.admit("a", start + 2 * PERIOD), Some(0));
    }
}
