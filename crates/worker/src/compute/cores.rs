//! The cores of a worker, shared by its running computations.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The cores of one worker. Clones share them.
#[derive(Clone)]
pub(crate) struct Cores {
    count: usize,
    running: Arc<AtomicUsize>,
}

/// A running computation's share of the cores. Dropping it leaves the cores to the others.
pub(crate) struct CoreShare(Cores);

impl Cores {
    pub(crate) fn new(count: usize) -> Self {
        Self { count: count.max(1), running: Arc::default() }
    }

    /// Takes a share for one more computation.
    pub(crate) fn share(&self) -> CoreShare {
        self.running.fetch_add(1, Ordering::Relaxed);
        CoreShare(self.clone())
    }
}

impl CoreShare {
    /// Returns how many threads the computation may use now: all cores while it is the only one, else its part of
    /// them, at least one. The kernel asks before every piece of work, some milliseconds long, so a computation that
    /// starts beside it has its core at once.
    pub(crate) fn threads(&self) -> usize {
        (self.0.count / self.0.running.load(Ordering::Relaxed).max(1)).max(1)
    }
}

impl Drop for CoreShare {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computation_uses_all_cores_while_it_is_alone() {
        let cores = Cores::new(4);
        let long = cores.share();
        assert_eq!(long.threads(), 4);
        let short = cores.share();
        assert_eq!((long.threads(), short.threads()), (2, 2));
        let others: Vec<_> = (0..8).map(|_| cores.share()).collect();
        assert_eq!(long.threads(), 1);
        drop((short, others));
        assert_eq!(long.threads(), 4);
        assert_eq!(Cores::new(0).share().threads(), 1);
    }
}
