//! Reads the digits of a value, again from where a connection broke, and checks them.

use std::io::{self, Write};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderValue, StatusCode};
use model::Subject;
use sha2::{Digest, Sha256};
use wire::ProblemKind;

use super::connection::{RemoteCall, RemoteReply, RemoteServer};
use super::error::RemoteError;
use super::retry::CallRetry;
use crate::cli::progress_bar::show_bytes;

/// A download of digits, in their order.
pub(super) struct ValueDownload<'a> {
    server: &'a RemoteServer,
    subject: &'a Subject,
    /// Bytes received.
    position: u64,
    /// Bytes of the value; `None` before the first response.
    size: Option<u64>,
    hash: Sha256,
}

/// Error for digits that were not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    /// The output refused a write.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The digits did not arrive.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl<'a> ValueDownload<'a> {
    pub(super) fn new(server: &'a RemoteServer, subject: &'a Subject) -> Self {
        Self { server, subject, position: 0, size: None, hash: Sha256::new() }
    }

    /// Writes all digits that are left. `restore` is called when the server does not have the value any more; it returns
    /// once it has it again.
    pub(super) fn write(
        &mut self,
        to: &mut dyn Write,
        restore: &mut dyn FnMut() -> Result<(), RemoteError>,
    ) -> Result<(), DownloadError> {
        let mut retry = CallRetry::new(self.server);
        while self.size.is_none_or(|size| self.position < size) {
            let before = self.position;
            match self.write_reply(to) {
                Ok(()) => return Ok(()),
                Err(DownloadError::Remote(error)) if error.problem_kind() == Some(ProblemKind::ValueNotReady) => {
                    restore()?;
                }
                Err(DownloadError::Remote(error)) => {
                    if self.position > before {
                        retry.reset();
                    }
                    retry.wait(error)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Checks the digits that were written.
    pub(super) fn check(self, expected: &str) -> Result<(), RemoteError> {
        let found = model::Sha256(self.hash.finalize().into()).to_string();
        if found == expected {
            return Ok(());
        }
        Err(RemoteError::Damaged { subject: self.subject.clone(), found, expected: expected.to_owned() })
    }

    /// Requests what is left and writes it until the response ends.
    fn write_reply(&mut self, to: &mut dyn Write) -> Result<(), DownloadError> {
        let mut call = RemoteCall::get(format!("/api/calculations/{}/value", self.subject.path()));
        if self.position > 0 {
            let range = format!("bytes={}-", self.position);
            call = call.with_header(RANGE, HeaderValue::try_from(range).expect("digits are valid in a header"));
        }
        let mut reply = self.server.send(&call)?;
        let mut skipped = self.start(&reply)?;
        while let Some(piece) = reply.next_digits()? {
            let skip = piece.len().min(usize::try_from(skipped).unwrap_or(usize::MAX));
            skipped -= skip as u64;
            self.add(to, &piece.slice(skip..))?;
        }
        Ok(())
    }

    /// Reads the head of a response, and returns the bytes at its start that are known already.
    fn start(&mut self, reply: &RemoteReply<'_>) -> Result<u64, RemoteError> {
        let (first, size) = if reply.status() == StatusCode::PARTIAL_CONTENT {
            let range = reply.header(&CONTENT_RANGE).and_then(parse_content_range);
            range.ok_or_else(|| reply.unexpected("a range that is not expected"))?
        } else {
            (0, reply.header(&CONTENT_LENGTH).and_then(|text| text.parse().ok()))
        };
        if first > self.position || (self.size.is_some() && self.size != size) {
            return Err(reply.unexpected("another range of the digits than requested"));
        }
        if self.size.is_none()
            && let Some(size) = size
        {
            show_bytes(&self.server.bar, size);
        }
        self.size = size;
        Ok(self.position - first)
    }

    fn add(&mut self, to: &mut dyn Write, digits: &Bytes) -> io::Result<()> {
        to.write_all(digits)?;
        self.hash.update(digits);
        self.position += digits.len() as u64;
        self.server.bar.set_position(self.position);
        Ok(())
    }
}

/// Reads the first byte and the size of `bytes FIRST-LAST/SIZE`.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, size.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read() {
        assert_eq!(parse_content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((5, None)));
        for text in ["", "bytes", "bytes x-9/10", "bytes */10", "5-9/10"] {
            assert_eq!(parse_content_range(text), None, "{text:?}");
        }
    }
}
