//! A TCP stream with timeouts for a client that stops sending a head or stops reading.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::limits::ServerLimits;
use crate::refusals::record_refusal;

/// The requests of one connection, as its stream and the connection table need to know them.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Requests begun so far.
    begun: AtomicU64,
    /// The end of the last request; `None` while one is in progress.
    idle_since: Mutex<Option<Instant>>,
}

/// A request in progress; it ends when this is dropped.
pub(crate) struct RequestInProgress(Arc<Activity>);

impl Default for Activity {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), idle_since: Mutex::new(Some(Instant::now())) }
    }
}

impl Activity {
    pub(crate) fn begin_request(activity: &Arc<Self>) -> RequestInProgress {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        *activity.idle_since.lock() = None;
        RequestInProgress(Arc::clone(activity))
    }

    /// Returns the end of the last request; `None` while one is in progress.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        *self.idle_since.lock()
    }
}

impl RequestInProgress {
    /// Keeps the request in progress until its response body is sent or dropped.
    pub(crate) fn until_sent(self, body: Body) -> ResponseBody {
        ResponseBody { body, _in_progress: self }
    }
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        *self.0.idle_since.lock() = Some(Instant::now());
    }
}

/// A response body whose request is in progress.
pub(crate) struct ResponseBody {
    body: Body,
    _in_progress: RequestInProgress,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Fails reading when a head takes too long, and writing when the client takes too little for too long.
///
/// The time for a head starts at its first byte (on a new connection, at once), so that an idle kept-alive
/// connection has no deadline before its next request.
pub(crate) struct TimedStream {
    stream: TcpStream,
    activity: Arc<Activity>,
    header_timeout: Duration,
    write_timeout: Duration,
    /// Bytes that must be written in each `write_timeout` while writes have to wait.
    min_written_bytes: u64,
    /// The number of requests begun before the awaited head, and the head's deadline.
    header: Option<(u64, Pin<Box<Sleep>>)>,
    /// Whether the client has sent anything. Browsers open connections in advance, and may use none of them.
    has_received: bool,
    write: Option<WriteWindow>,
}

impl TimedStream {
    pub(crate) fn new(stream: TcpStream, activity: Arc<Activity>, limits: &ServerLimits) -> Self {
        let header = Some((0, Box::pin(tokio::time::sleep(limits.header_timeout))));
        let ServerLimits { header_timeout, write_timeout, .. } = *limits;
        let min_written_bytes = limits.min_write_bytes_per_s.saturating_mul(write_timeout.as_secs()).max(1);
        Self {
            stream,
            activity,
            header_timeout,
            write_timeout,
            min_written_bytes,
            header,
            has_received: false,
            write: None,
        }
    }

    /// Returns the deadline of the head that is being read, if one is.
    fn header_deadline(&mut self) -> Option<&mut Pin<Box<Sleep>>> {
        let begun = self.activity.begun.load(Ordering::Relaxed);
        if self.header.as_ref().is_some_and(|(before, _)| *before != begun) {
            self.header = None;
        }
        self.header.as_mut().map(|(_, sleep)| sleep)
    }

    fn start_header_deadline(&mut self) {
        if self.header_deadline().is_none() && self.activity.idle_since().is_some() {
            let begun = self.activity.begun.load(Ordering::Relaxed);
            self.header = Some((begun, Box::pin(tokio::time::sleep(self.header_timeout))));
        }
    }

    /// Counts what was written since writes began to wait. Fails at the end of a window with too little.
    fn check_write_rate(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            if let (Ok(bytes), Some(window)) = (&result, &mut self.write) {
                window.written_bytes += *bytes as u64;
            }
            return Poll::Ready(result);
        }
        let timeout = self.write_timeout;
        let new_window = || WriteWindow { end: Box::pin(tokio::time::sleep(timeout)), written_bytes: 0 };
        let window = self.write.get_or_insert_with(new_window);
        while window.end.as_mut().poll(cx).is_ready() {
            if window.written_bytes < self.min_written_bytes {
                record_refusal("slow-readers");
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            *window = new_window();
        }
        Poll::Pending
    }
}

/// A time in which a client that lets writes wait must take a minimum of bytes.
struct WriteWindow {
    end: Pin<Box<Sleep>>,
    written_bytes: u64,
}

impl AsyncRead for TimedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Pending => {
                let Some(deadline) = this.header_deadline() else { return Poll::Pending };
                if deadline.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                if this.has_received {
                    record_refusal("slow-heads");
                }
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            read => {
                if buffer.filled().len() > before {
                    this.has_received = true;
                    this.start_header_deadline();
                }
                read
            }
        }
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.check_write_rate(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.check_write_rate(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Everything is written.
        self.write = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
