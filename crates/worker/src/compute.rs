//! Computing a value on a thread of its own, watched and stopped from outside.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fibonacci::Control;
use model::{Index, Lane, Progress};
use tokio::sync::oneshot;

use crate::Worker;
use crate::budget::Permit;
use crate::found::Found;

/// A computation under way. Dropping it stops it.
pub(crate) struct Computing {
    watch: Arc<Watch>,
    result: oneshot::Receiver<Result<Found, fibonacci::Error>>,
}

/// Why there is no value.
pub(crate) enum Broken {
    /// The kernel says so.
    Kernel(fibonacci::Error),
    /// The kernel panicked; its thread has written why.
    Panicked,
}

/// How others follow and stop a computation.
pub(crate) struct Watch {
    cancelled: AtomicBool,
    /// The bits of the fraction done.
    fraction: AtomicU64,
    started: Instant,
    estimate: Duration,
}

impl Computing {
    /// Starts computing F(index) for work of that lane.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(
        worker: &Worker,
        index: Index,
        lane: Lane,
        estimate: Duration,
        memory: Permit,
    ) -> io::Result<Self> {
        let watch = Arc::new(Watch {
            cancelled: AtomicBool::new(false),
            fraction: AtomicU64::new(0),
            started: Instant::now(),
            estimate,
        });
        let watched = Arc::clone(&watch);
        let result = worker.threads(lane).run(move || {
            let started = Instant::now();
            let progress = |fraction: f64| watched.fraction.store(fraction.to_bits(), Ordering::Relaxed);
            let control = Control { progress: &progress, cancelled: &watched.cancelled };
            let value = fibonacci::nth_with(index.get(), &control)?;
            let took = started.elapsed();
            Found::computed(value, memory, took, &watched.cancelled).ok_or(fibonacci::Error::Cancelled)
        })?;
        Ok(Self { watch, result })
    }

    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// Waits for the value.
    pub(crate) async fn finish(mut self) -> Result<Found, Broken> {
        match (&mut self.result).await {
            Ok(result) => result.map_err(Broken::Kernel),
            Err(_) => Err(Broken::Panicked),
        }
    }
}

impl Drop for Computing {
    fn drop(&mut self) {
        self.watch.cancel();
    }
}

impl Watch {
    /// Stops the computation within some milliseconds.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far the computation is. What remains is told from the pace so far, or from the estimate
    /// while there is little to go by.
    pub(crate) fn progress(&self) -> Progress {
        let fraction = f64::from_bits(self.fraction.load(Ordering::Relaxed)).clamp(0.0, 1.0);
        let elapsed = self.started.elapsed();
        let remaining = if fraction > 0.05 {
            elapsed.mul_f64((1.0 - fraction) / fraction)
        } else {
            self.estimate.saturating_sub(elapsed)
        };
        Progress { fraction, remaining_ms: u64::try_from(remaining.as_millis()).ok() }
    }
}
