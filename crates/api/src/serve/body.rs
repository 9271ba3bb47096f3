//! Bodies on their way in, which must arrive in time, and on their way out, whose end is noticed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::stream::Busy;

/// A request's body did not arrive in time. Found among the causes of a body's error.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct BodyTooSlow;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that must be complete within its time, counted from the first time somebody wants it.
pub(super) struct InTime {
    body: Incoming,
    allowed: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    read: Arc<AtomicBool>,
}

/// Whether a request's body was read to its end, so that its connection can carry another request.
pub(super) struct WasRead(Arc<AtomicBool>);

impl WasRead {
    pub(super) fn to_the_end(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl InTime {
    pub(super) fn wrap(body: Incoming, allowed: Duration) -> (Body, WasRead) {
        let read = Arc::new(AtomicBool::new(body.is_end_stream()));
        let was_read = WasRead(Arc::clone(&read));
        if body.is_end_stream() {
            return (Body::empty(), was_read);
        }
        (Body::new(Self { body, allowed, deadline: None, read }), was_read)
    }
}

impl HttpBody for InTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if frame.is_none() || this.body.is_end_stream() {
                this.read.store(true, Ordering::Relaxed);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(this.allowed)));
        deadline.as_mut().poll(cx).map(|()| Some(Err(BodyTooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body of an answer; while it lives, its connection is busy.
pub(super) struct Whole {
    body: Body,
    _busy: Busy,
}

impl Whole {
    pub(super) fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl HttpBody for Whole {
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
