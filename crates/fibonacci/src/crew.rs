//! Work in pieces, on as many threads as the caller allows at the time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::{Control, Error};

/// Does the pieces of a computation, counts them as progress, and stops when the caller wants.
///
/// Helpers are threads that start with the first work that is worth them, sleep between two calls of
/// [`Crew::for_each`], and end with the crew. They look before every piece whether they are still allowed,
/// so the caller has its processors back after one piece, some milliseconds.
pub(crate) struct Crew<'a> {
    control: Control<'a>,
    total: u64,
    done: AtomicU64,
    reported: AtomicU64,
    helpers: Mutex<Option<ThreadPool>>,
}

/// A computation with less work than this, in units of about a nanosecond, is not worth starting threads.
const WORTH_STARTING: u64 = 1_000_000;
/// A call with less work than this is not worth waking them: that takes about 13 µs.
const WORTH_WAKING: u64 = 60_000;

impl<'a> Crew<'a> {
    /// For a computation of `total` units of work.
    pub(crate) fn new(control: Control<'a>, total: u64) -> Self {
        Crew {
            control,
            total: total.max(1),
            done: AtomicU64::new(0),
            reported: AtomicU64::new(0),
            helpers: Mutex::new(None),
        }
    }

    /// Calls `work` with each of `items`, in any order, and returns when all are done. They make `units`
    /// of work together, all the same.
    ///
    /// # Errors
    /// [`Error::Cancelled`], when some may not be done.
    pub(crate) fn for_each<T: Send>(&self, items: Vec<T>, units: u64, work: impl Fn(T) + Sync) -> Result<(), Error> {
        self.for_each_with(items, units, || (), |(), item| work(item))
    }

    /// Does the same with a scratch area for each thread, as `scratch` makes it.
    ///
    /// # Errors
    /// [`Error::Cancelled`], when some may not be done.
    pub(crate) fn for_each_with<T: Send, S>(
        &self,
        items: Vec<T>,
        units: u64,
        scratch: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, T) + Sync,
    ) -> Result<(), Error> {
        let count = items.len();
        let share = units / count.max(1) as u64;
        let queue = Mutex::new(items.into_iter());
        let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let drain = |thread: usize| {
            let mut scratch = scratch();
            while thread == 0 || thread < self.threads() {
                if self.is_cancelled() {
                    return;
                }
                let Some(item) = take() else {
                    return;
                };
                work(&mut scratch, item);
                self.done.fetch_add(share, Ordering::Relaxed);
                if thread == 0 {
                    self.report();
                }
            }
        };
        let worth = self.total >= WORTH_STARTING && units >= WORTH_WAKING;
        let threads = if worth { self.threads().min(count) } else { 1 };
        let mut helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        match awake(&mut helpers, threads - 1) {
            Some(helpers) => helpers.in_place_scope(|scope| {
                for thread in 1..threads {
                    let drain = &drain;
                    scope.spawn(move |_| drain(thread));
                }
                drain(0);
            }),
            None => drain(0),
        }
        self.look()
    }

    /// Counts `units` as done by the calling thread.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn advance(&self, units: u64) -> Result<(), Error> {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.report();
        self.look()
    }

    /// Looks whether to stop.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn look(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Reports the end.
    pub(crate) fn finish(self) {
        (self.control.progress)(1.0);
    }

    /// How many threads may work now.
    pub(crate) fn threads(&self) -> usize {
        (self.control.threads)().max(1)
    }

    /// The flag that is raised to stop, for pieces that take long.
    pub(crate) fn cancelled(&self) -> &AtomicBool {
        self.control.cancelled
    }

    fn is_cancelled(&self) -> bool {
        self.control.cancelled.load(Ordering::Relaxed)
    }

    /// Called on the thread of the caller only.
    fn report(&self) {
        let done = self.done.load(Ordering::Relaxed);
        if done - self.reported.load(Ordering::Relaxed) > self.total / 1024 {
            self.reported.store(done, Ordering::Relaxed);
            (self.control.progress)((done as f64 / self.total as f64).min(1.0));
        }
    }
}

/// At least `count` helpers, or `None` if none are needed or the system refuses them: the caller then works alone.
fn awake(helpers: &mut Option<ThreadPool>, count: usize) -> Option<&ThreadPool> {
    if count == 0 {
        return None;
    }
    if helpers.as_ref().is_none_or(|helpers| helpers.current_num_threads() < count) {
        *helpers = ThreadPoolBuilder::new().num_threads(count).build().ok();
    }
    helpers.as_ref()
}
