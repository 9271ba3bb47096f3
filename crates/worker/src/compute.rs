//! Computing a value on a thread of its own, watched and stopped from outside.

pub(crate) mod cores;
pub(crate) mod memory;
pub(crate) mod threads;
pub(crate) mod value;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fibonacci::Control;
use model::{Lane, Progress, Subject};
use tokio::sync::oneshot;

use self::memory::Permit;
use self::value::ComputedValue;
use crate::Worker;

/// A running computation. Dropping it stops it.
pub(crate) struct Computation {
    watch: Arc<ComputationWatch>,
    result: oneshot::Receiver<Result<ComputedValue, fibonacci::Error>>,
}

/// Why there is no value.
pub(crate) enum ComputeError {
    /// The kernel returned an error.
    Kernel(fibonacci::Error),
    /// The kernel panicked; its thread has logged why.
    Panicked,
}

impl ComputeError {
    pub(crate) const fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Kernel(fibonacci::Error::OutOfMemory { .. }))
    }
}

/// Follows and stops a computation.
pub(crate) struct ComputationWatch {
    cancelled: AtomicBool,
    /// The bits of the fraction done.
    fraction: AtomicU64,
    started: Instant,
    estimate: Duration,
}

/// Work up to this is done at once on the caller's thread: handing it to another thread would take as long.
pub(crate) const INLINE_WORK: Duration = Duration::from_micros(50);

impl Computation {
    /// Starts computing a subject on a thread of the lane, or computes it at once if that takes next to no time.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(
        worker: &Worker,
        subject: &Subject,
        lane: Lane,
        estimate: Duration,
        memory: Permit,
    ) -> io::Result<Self> {
        let watch = Arc::new(ComputationWatch {
            cancelled: AtomicBool::new(false),
            fraction: AtomicU64::new(0),
            started: Instant::now(),
            estimate,
        });
        let watched = Arc::clone(&watch);
        let share = worker.cores.share();
        let subject = subject.clone();
        let compute = move || {
            let progress = |fraction: f64| watched.fraction.store(fraction.to_bits(), Ordering::Relaxed);
            let threads = || share.threads();
            compute(
                &subject,
                memory,
                &Control { progress: &progress, cancelled: &watched.cancelled, threads: &threads },
            )
        };
        let result = if estimate <= INLINE_WORK { run_inline(compute) } else { worker.threads(lane).run(compute)? };
        Ok(Self { watch, result })
    }

    pub(crate) fn watch(&self) -> Arc<ComputationWatch> {
        Arc::clone(&self.watch)
    }

    /// Waits for the value.
    pub(crate) async fn finish(mut self) -> Result<ComputedValue, ComputeError> {
        match (&mut self.result).await {
            Ok(result) => result.map_err(ComputeError::Kernel),
            Err(_) => Err(ComputeError::Panicked),
        }
    }
}

fn compute(subject: &Subject, memory: Permit, control: &Control<'_>) -> Result<ComputedValue, fibonacci::Error> {
    let started = Instant::now();
    let value = calculator::compute(subject, control)?;
    let elapsed = started.elapsed();
    ComputedValue::digest(value, memory, elapsed, control.cancelled).ok_or(fibonacci::Error::Cancelled)
}

/// Computes a subject at once, for work up to [`INLINE_WORK`]; returns `None` if that fails or panics.
pub(crate) fn compute_inline(subject: &Subject, memory: Permit) -> Option<ComputedValue> {
    let cancelled = AtomicBool::new(false);
    let control = Control { progress: &|_| {}, cancelled: &cancelled, threads: &|| 1 };
    // The computation owns what it changes, so nothing is left half changed.
    catch_unwind(AssertUnwindSafe(|| compute(subject, memory, &control))).ok()?.ok()
}

/// Runs a task at once. The receiver gets the result, or an error if the task panicked.
fn run_inline<T>(task: impl FnOnce() -> T) -> oneshot::Receiver<T> {
    let (done, result) = oneshot::channel();
    // The task owns what it changes, so nothing is left half changed.
    if let Ok(value) = catch_unwind(AssertUnwindSafe(task)) {
        drop(done.send(value));
    }
    result
}

impl Drop for Computation {
    fn drop(&mut self) {
        self.watch.cancel();
    }
}

impl ComputationWatch {
    /// Stops the computation within some milliseconds.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Returns the progress. The remaining time is extrapolated from the pace so far, or taken from the estimate
    /// during the first twentieth; it is unknown once that has passed.
    pub(crate) fn progress(&self) -> Progress {
        let fraction = f64::from_bits(self.fraction.load(Ordering::Relaxed)).clamp(0.0, 1.0);
        let elapsed = self.started.elapsed();
        let remaining = if fraction > 0.05 {
            Some(elapsed.mul_f64((1.0 - fraction) / fraction))
        } else {
            self.estimate.checked_sub(elapsed)
        };
        let remaining_ms = remaining.and_then(|remaining| u64::try_from(remaining.as_millis()).ok());
        Progress { fraction, remaining_ms }
    }
}
