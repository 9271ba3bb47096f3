//! Watching and stopping a computation from outside.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// Lets a caller follow and stop a computation that blocks another thread.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Called on the computing thread with the fraction of the work done.
    ///
    /// Never falling, at most about a thousand calls, the last one with 1.0 when the value is ready.
    pub progress: &'a (dyn Fn(f64) + Sync),
    /// Raise it to stop: noticed after a few milliseconds and answered with [`Error::Cancelled`], once
    /// the memory is given back, which takes Linux about 20 ms for each gigabyte in large pages, and three
    /// times as long in small ones.
    pub cancelled: &'a AtomicBool,
    /// Called often, on any of the threads: how many may work now, the calling one included, at least 1.
    ///
    /// When it falls, helpers end after the piece they are at, within some milliseconds.
    pub threads: &'a (dyn Fn() -> usize + Sync),
}

impl Control<'static> {
    /// One thread, which nobody watches and nobody stops.
    pub fn none() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Control { progress: &|_| (), cancelled: &NEVER, threads: &|| 1 }
    }
}

/// Counts work against a total known in advance.
///
/// One unit is one point of a transform going through one radix-2 layer, about a nanosecond.
pub(crate) struct Meter<'a> {
    control: Control<'a>,
    total: u64,
    done: u64,
    looked: u64,
    reported: u64,
}

impl<'a> Meter<'a> {
    /// How many units pass between two looks at the flag: about a millisecond.
    const LOOK_EVERY: u64 = 1 << 20;

    pub(crate) fn new(control: Control<'a>, total: u64) -> Self {
        Meter { control, total: total.max(1), done: 0, looked: 0, reported: 0 }
    }

    /// Counts `units` as done; now and then reports, and looks whether to stop.
    #[inline]
    pub(crate) fn advance(&mut self, units: u64) -> Result<(), Error> {
        self.done += units;
        if self.done - self.looked >= Self::LOOK_EVERY {
            self.look()?;
        }
        Ok(())
    }

    /// Looks at the flag at once.
    pub(crate) fn look(&mut self) -> Result<(), Error> {
        self.looked = self.done;
        if self.control.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        if self.done - self.reported > self.total / 1024 {
            self.reported = self.done;
            (self.control.progress)((self.done as f64 / self.total as f64).min(1.0));
        }
        Ok(())
    }

    /// Reports the end.
    pub(crate) fn finish(self) {
        (self.control.progress)(1.0);
    }
}
