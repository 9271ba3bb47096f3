//! A request body that must arrive in time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::refusals::record_refusal;

/// The body of a request did not arrive in time. It is among the sources of the body's error.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct BodyTooSlow;

/// The rate in bytes per second at which a long body adds to its time.
const MIN_BYTES_PER_S: usize = 64 * 1024;

/// A body that its reader waits for a limited time in all. What arrives adds to the time, but never beyond the timeout.
pub(crate) struct TimedBody {
    body: Incoming,
    timeout: Duration,
    /// The time left to wait, while the reader does not.
    left: Duration,
    /// The end of that time, while the reader waits. What it does between two reads is not the client's delay.
    deadline: Option<Pin<Box<Sleep>>>,
    was_read: Arc<AtomicBool>,
}

/// Knows whether a body was read to its end, so that its connection can carry another request.
pub(crate) struct BodyEnd(Arc<AtomicBool>);

impl BodyEnd {
    pub(crate) fn was_read(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl TimedBody {
    pub(crate) fn wrap(body: Incoming, timeout: Duration) -> (Body, BodyEnd) {
        let was_read = Arc::new(AtomicBool::new(body.is_end_stream()));
        let end = BodyEnd(Arc::clone(&was_read));
        if body.is_end_stream() {
            return (Body::empty(), end);
        }
        (Body::new(Self { body, timeout, left: timeout, deadline: None, was_read }), end)
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if frame.is_none() || this.body.is_end_stream() {
                this.was_read.store(true, Ordering::Relaxed);
            }
            if let Some(deadline) = this.deadline.take() {
                this.left = deadline.deadline().saturating_duration_since(Instant::now());
            }
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                let more = Duration::from_secs_f64(bytes as f64 / MIN_BYTES_PER_S as f64);
                // Without this limit, a fast sender could stop for hours.
                this.left = (this.left + more).min(this.timeout);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(this.left)));
        deadline.as_mut().poll(cx).map(|()| {
            record_refusal("slow-bodies");
            Some(Err(BodyTooSlow.into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
