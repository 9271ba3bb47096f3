//! Repeats calls that fail for a time.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use super::connection::RemoteServer;
use super::error::RemoteError;

const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The pauses between calls that fail, up to the limit of the server's arguments.
pub(super) struct CallRetry<'a> {
    server: &'a RemoteServer,
    pauses: ExponentialBackoff,
    first_failure: Option<Instant>,
}

impl<'a> CallRetry<'a> {
    pub(super) fn new(server: &'a RemoteServer) -> Self {
        Self { server, pauses: pauses(), first_failure: None }
    }

    /// Starts again after a success.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.server);
    }

    /// Waits before the next call.
    ///
    /// # Errors
    /// The error itself if another call would not help, or not within the limit.
    pub(super) fn wait(&mut self, error: RemoteError) -> Result<(), RemoteError> {
        if !error.is_temporary(self.server.was_reached()) {
            return Err(error);
        }
        let first_failure = *self.first_failure.get_or_insert_with(Instant::now);
        let pause = self.pauses.next().unwrap_or(MAX_PAUSE).max(error.retry_after().unwrap_or_default());
        if first_failure.elapsed() + pause > self.server.retry_limit() {
            return Err(error);
        }
        self.server.notice(&format!("{}; trying again in {:.1} s", error.line(), pause.as_secs_f64()));
        self.server.sleep(pause);
        Ok(())
    }
}

fn pauses() -> ExponentialBackoff {
    let builder = ExponentialBuilder::default().with_min_delay(MIN_PAUSE).with_max_delay(MAX_PAUSE);
    builder.with_jitter().without_max_times().build()
}
