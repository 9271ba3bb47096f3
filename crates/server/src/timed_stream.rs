//! A TCP stream that gives up on a client which stops sending a head or stops reading.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::limits::ServerLimits;

/// The requests of one connection, as its stream needs to know them.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests begun so far.
    begun: AtomicU64,
    /// Whether one is in progress.
    busy: AtomicBool,
}

/// A request in progress; it ends when this is dropped.
pub(crate) struct RequestInProgress(Arc<Activity>);

impl Activity {
    pub(crate) fn begin_request(activity: &Arc<Self>) -> RequestInProgress {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.busy.store(true, Ordering::Relaxed);
        RequestInProgress(Arc::clone(activity))
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
        self.0.busy.store(false, Ordering::Relaxed);
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

/// Fails reading when a head takes too long, and writing when nothing can be written for too long.
///
/// The time for a head starts at its first byte (on a new connection, at once), so that an idle kept-alive
/// connection has no deadline before its next request.
pub(crate) struct TimedStream {
    stream: TcpStream,
    activity: Arc<Activity>,
    header_timeout: Duration,
    write_timeout: Duration,
    /// The number of requests begun before the awaited head, and the head's deadline.
    header: Option<(u64, Pin<Box<Sleep>>)>,
    write: Option<Pin<Box<Sleep>>>,
}

impl TimedStream {
    pub(crate) fn new(stream: TcpStream, activity: Arc<Activity>, limits: &ServerLimits) -> Self {
        let header = Some((0, Box::pin(tokio::time::sleep(limits.header_timeout))));
        let ServerLimits { header_timeout, write_timeout, .. } = *limits;
        Self { stream, activity, header_timeout, write_timeout, header, write: None }
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
        if self.header_deadline().is_none() && !self.activity.busy.load(Ordering::Relaxed) {
            let begun = self.activity.begun.load(Ordering::Relaxed);
            self.header = Some((begun, Box::pin(tokio::time::sleep(self.header_timeout))));
        }
    }

    /// Limits how long a write stays pending.
    fn with_write_timeout<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write = None;
            return written;
        }
        let deadline = self.write.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.write_timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Pending => match this.header_deadline() {
                Some(deadline) => deadline.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
            read => {
                if buffer.filled().len() > before {
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
        this.with_write_timeout(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.with_write_timeout(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
