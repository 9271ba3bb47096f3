//! W3C trace context, so that one trace runs from a request through the queue to the event.

use std::fmt;
use std::str::FromStr;

use crate::serde_as_text::serde_as_text;

/// A `traceparent` of W3C Trace Context: the trace, the span in it, and the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

/// Error for a text that is not a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent")]
pub struct TraceContextError;

impl TraceContext {
    /// Creates the root of a new trace.
    ///
    /// # Errors
    /// When the system's random generator fails.
    pub fn root() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        // Zero is invalid, so the last bit is always set.
        Ok(Self { trace_id: u128::from_be_bytes(bytes) | 1, span_id: random_span()?, flags: 1 })
    }

    /// Creates a new span of the same trace.
    ///
    /// # Errors
    /// When the system's random generator fails.
    pub fn child(&self) -> Result<Self, getrandom::Error> {
        Ok(Self { span_id: random_span()?, ..*self })
    }

    /// Creates a context from a trace, a span and flags, whose lowest bit means sampled; `None` if an id is zero,
    /// which is invalid.
    pub const fn from_ids(trace_id: u128, span_id: u64, flags: u8) -> Option<Self> {
        if trace_id == 0 || span_id == 0 { None } else { Some(Self { trace_id, span_id, flags }) }
    }

    /// Returns the trace, the span and the flags.
    pub const fn ids(&self) -> (u128, u64, u8) {
        (self.trace_id, self.span_id, self.flags)
    }

    /// Returns the trace as 32 hexadecimal digits, as in log lines.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

fn random_span() -> Result<u64, getrandom::Error> {
    getrandom::u64().map(|bits| bits | 1)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        let lower_hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let mut parts = text.split('-');
        let (Some(version), Some(trace), Some(span), Some(flags)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TraceContextError);
        };
        // Version ff is forbidden; later versions may append parts, version 00 may not.
        let form = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
        if form.iter().any(|(part, length)| part.len() != *length || !lower_hex(part))
            || version == "ff"
            || (version == "00" && parts.next().is_some())
        {
            return Err(TraceContextError);
        }
        let trace_id = u128::from_str_radix(trace, 16).map_err(|_| TraceContextError)?;
        let span_id = u64::from_str_radix(span, 16).map_err(|_| TraceContextError)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| TraceContextError)?;
        Self::from_ids(trace_id, span_id, flags).ok_or(TraceContextError)
    }
}

serde_as_text!(TraceContext);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_round_trips_and_a_child_stays_in_the_trace() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent: TraceContext = text.parse().expect("the standard's own example");
        assert_eq!(parent.to_string(), text);
        let child = parent.child().expect("randomness");
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child, parent);
    }

    #[test]
    fn invalid_texts_are_errors() {
        for text in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(text.parse::<TraceContext>(), Err(TraceContextError), "{text:?}");
        }
    }
}
