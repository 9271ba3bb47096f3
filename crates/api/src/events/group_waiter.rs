//! A request that waits for the ends of many calculations.

use std::sync::Arc;

use model::Subject;
use tokio::sync::mpsc;

use super::hub::{Hub, WaitResult};
use crate::metrics::Gauged;

/// A request that waits for many calculations. Dropping it ends the wait.
pub(crate) struct GroupWaiter {
    hub: Arc<Hub>,
    subjects: Vec<Subject>,
    id: u64,
    results: mpsc::UnboundedReceiver<WaitResult>,
    _gauged: Gauged,
}

impl Hub {
    /// Starts to wait for the ends of calculations, of each once; `None` above the limit of waiters. All of them count as
    /// one.
    pub(crate) fn wait_for_all(self: &Arc<Self>, mut subjects: Vec<Subject>) -> Option<GroupWaiter> {
        subjects.sort_unstable();
        subjects.dedup();
        // Not bounded, because each subject sends one result.
        let (sender, results) = mpsc::unbounded_channel();
        let id = self.add_waiter(&subjects, || Some(sender.clone().into()))?;
        Some(GroupWaiter { hub: Arc::clone(self), subjects, id, results, _gauged: Gauged::waiter() })
    }
}

impl GroupWaiter {
    /// Returns a result that has arrived.
    pub(crate) fn arrived(&mut self) -> Option<WaitResult> {
        self.results.try_recv().ok()
    }

    /// Waits for the next result; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<WaitResult> {
        self.results.recv().await
    }
}

impl Drop for GroupWaiter {
    fn drop(&mut self) {
        self.hub.remove_waiter(&self.subjects, self.id);
    }
}
