//! The event stream of one calculation (Server-Sent Events).

use std::time::Duration;

use http::HeaderValue;
use http::header::ACCEPT;
use model::Subject;
use wire::{CalculationBody, EVENT_CALCULATION, EVENT_PROGRESS, EVENT_RESET, ProgressEvent};

use super::connection::{RemoteCall, RemoteReply, RemoteServer};
use super::error::RemoteError;

/// The server sends at least a comment every 15 s.
const SILENCE_LIMIT: Duration = Duration::from_secs(40);
/// An event is a calculation with a value of at most 1,000 digits.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// A change of a calculation.
#[derive(Debug, PartialEq)]
pub(super) enum CalculationChange {
    /// It has another state.
    State(Box<CalculationBody>),
    /// It progressed.
    Progress(ProgressEvent),
    /// Events were lost.
    Reset,
}

/// Reads the events of one calculation.
pub(super) struct EventReader<'a> {
    reply: RemoteReply<'a>,
    parser: EventParser,
}

impl<'a> EventReader<'a> {
    /// Subscribes. Changes from here on are not missed.
    pub(super) fn open(server: &'a RemoteServer, subject: &Subject) -> Result<Self, RemoteError> {
        let filter = match subject.fibonacci_index() {
            Some(index) => format!("index={index}"),
            None => format!("subject={subject}"),
        };
        let call = RemoteCall::get(format!("/api/events?{filter}"));
        let call = call.with_header(ACCEPT, HeaderValue::from_static("text/event-stream"));
        Ok(Self { reply: server.send(&call)?, parser: EventParser::default() })
    }

    /// Waits for the next change; `None` once the server ends the stream.
    pub(super) fn next(&mut self) -> Result<Option<CalculationChange>, RemoteError> {
        loop {
            while let Some(line) = self.parser.next_line() {
                if let Some((name, data)) = self.parser.take_line(&line) {
                    let change = parse(&name, &data).map_err(|_| self.reply.unexpected("a malformed event"))?;
                    if change.is_some() {
                        return Ok(change);
                    }
                }
            }
            if self.parser.bytes.len() > MAX_EVENT_BYTES {
                return Err(self.reply.unexpected("a longer event than expected"));
            }
            match self.reply.next_piece(SILENCE_LIMIT)? {
                Some(piece) => self.parser.bytes.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
    }
}

/// Parses an event; `None` for one of another kind.
fn parse(name: &str, data: &str) -> serde_json::Result<Option<CalculationChange>> {
    Ok(match name {
        EVENT_CALCULATION => Some(CalculationChange::State(serde_json::from_str(data)?)),
        EVENT_PROGRESS => Some(CalculationChange::Progress(serde_json::from_str(data)?)),
        EVENT_RESET => Some(CalculationChange::Reset),
        _ => None,
    })
}

/// Splits a stream into events.
#[derive(Default)]
struct EventParser {
    bytes: Vec<u8>,
    name: String,
    data: String,
}

impl EventParser {
    /// Returns the next complete line.
    fn next_line(&mut self) -> Option<String> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Adds a line, and returns the name and data of the event that it ends.
    fn take_line(&mut self, line: &str) -> Option<(String, String)> {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return (!data.is_empty()).then_some((name, data));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            // Comments, ids and times to reconnect: the state is read after each connection.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&str]) -> Vec<(String, String)> {
        let (mut parser, mut found) = (EventParser::default(), Vec::new());
        for piece in pieces {
            parser.bytes.extend_from_slice(piece.as_bytes());
            while let Some(line) = parser.next_line() {
                found.extend(parser.take_line(&line));
            }
        }
        found
    }

    #[test]
    fn events_are_found_however_the_stream_is_cut() {
        let stream = "retry: 1000\nid: a-1\n\n: alive\n\nevent: reset\nid: a-2\ndata: {}\n\nevent:x\r\ndata:1\r\n\r\n";
        let expected = [("reset".to_owned(), "{}".to_owned()), ("x".to_owned(), "1".to_owned())];
        assert_eq!(events(&[stream]), expected);
        for cut in 1..stream.len() {
            assert_eq!(events(&[&stream[..cut], &stream[cut..]]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_unknown_event_is_ignored_and_a_malformed_one_is_an_error() {
        assert_eq!(parse("later", "[1]").ok(), Some(None));
        assert_eq!(parse("reset", "{}").ok(), Some(Some(CalculationChange::Reset)));
        assert!(parse("progress", "{}").is_err());
    }
}
