//! Lines of JSON that say what an error came from: the usual ones leave that out.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::causes::causes;

/// The lines of another form, each an object of JSON, with the causes of an event's error as a list
/// `error.sources`: what it is called in lines for people.
pub(super) struct WithCauses<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for WithCauses<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut sources = Sources::default();
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

/// What the error among an event's fields came from.
#[derive(Default)]
struct Sources(Vec<String>);

impl Visit for Sources {
    fn record_error(&mut self, _field: &Field, error: &(dyn Error + 'static)) {
        self.0.extend(causes(error).split_off(1));
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("out of reach")]
    struct OutOfReach(#[source] io::Error);

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'writer> MakeWriter<'writer> for Kept {
        type Writer = Self;

        fn make_writer(&'writer self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_with_an_error_says_what_it_came_from_and_others_are_as_they_were() {
        let kept = Kept::default();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(kept.clone());
        let lines = lines.map_event_format(WithCauses).finish();
        tracing::subscriber::with_default(lines, || {
            let error = OutOfReach(io::Error::other("no \"route\""));
            tracing::warn!(error = &error as &dyn Error, "not recorded");
            tracing::warn!(times = 3, "tried");
        });
        let text = String::from_utf8(kept.0.lock().expect("not poisoned").clone()).expect("UTF-8");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(lines[0]["message"], "not recorded");
        assert_eq!(lines[0]["error"], "out of reach");
        assert_eq!(lines[0]["error.sources"], serde_json::json!(["no \"route\""]));
        assert_eq!((&lines[1]["times"], lines[1].get("error.sources")), (&3.into(), None));
    }
}
