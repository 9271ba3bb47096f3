//! A connection that gives up on a client who does not go on.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::ServeLimits;

/// What the reading side has to know of the requests on a connection.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Requests begun so far.
    begun: AtomicU64,
    /// Whether one is being answered.
    busy: AtomicBool,
}

/// A request being answered, until dropped.
pub(super) struct Busy(Arc<Pace>);

impl Pace {
    pub(super) fn begin(pace: &Arc<Self>) -> Busy {
        pace.begun.fetch_add(1, Ordering::Relaxed);
        pace.busy.store(true, Ordering::Relaxed);
        Busy(Arc::clone(pace))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// Ends reading when a header takes too long, and writing when nothing can be written for too long.
///
/// The header's time runs from its first byte (on a new connection from the start), so that a client
/// that keeps its connection is not hurried before it has anything to ask.
pub(super) struct PacedStream {
    stream: TcpStream,
    pace: Arc<Pace>,
    header_timeout: Duration,
    write_timeout: Duration,
    /// The number of requests begun before the header that is being waited for, and its end.
    header: Option<(u64, Pin<Box<Sleep>>)>,
    write: Option<Pin<Box<Sleep>>>,
}

impl PacedStream {
    pub(super) fn new(stream: TcpStream, pace: Arc<Pace>, limits: &ServeLimits) -> Self {
        let header = Some((0, Box::pin(tokio::time::sleep(limits.header_timeout))));
        let ServeLimits { header_timeout, write_timeout, .. } = *limits;
        Self { stream, pace, header_timeout, write_timeout, header, write: None }
    }

    /// The time for the header that is being read, if one is.
    fn header_deadline(&mut self) -> Option<&mut Pin<Box<Sleep>>> {
        let begun = self.pace.begun.load(Ordering::Relaxed);
        if self.header.as_ref().is_some_and(|(before, _)| *before != begun) {
            self.header = None;
        }
        self.header.as_mut().map(|(_, sleep)| sleep)
    }

    fn arm_header(&mut self) {
        if self.header_deadline().is_none() && !self.pace.busy.load(Ordering::Relaxed) {
            let begun = self.pace.begun.load(Ordering::Relaxed);
            self.header = Some((begun, Box::pin(tokio::time::sleep(self.header_timeout))));
        }
    }

    /// Lets a write wait, but not for ever.
    fn timed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write = None;
            return written;
        }
        let deadline = Instant::now() + self.write_timeout;
        let sleep = self.write.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for PacedStream {
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
                    this.arm_header();
                }
                read
            }
        }
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.timed(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.timed(cx, written)
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
