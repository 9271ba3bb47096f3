//! Counts that may be a little late: how often subjects are asked for, and which values are read.
//!
//! Kept in memory and written every second, so that no request waits for them. What is counted when the
//! process dies is lost, which is why `asked` is called approximate.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Clock, Subject};
use store::Store;
use tokio_util::sync::CancellationToken;

/// How often counts are written.
const EVERY: Duration = Duration::from_secs(1);
/// Of so many subjects at most counts are kept between two writings.
const MAX_SUBJECTS: usize = 10_000;

/// What was counted since the last writing.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    asks: HashMap<Subject, u64>,
    reads: HashSet<Subject>,
}

impl Tally {
    /// One more ask for a subject that is in the record already.
    pub(crate) fn asked(&self, subject: &Subject) {
        let mut counts = self.counts();
        if let Some(count) = counts.asks.get_mut(subject) {
            *count += 1;
        } else if counts.asks.len() < MAX_SUBJECTS {
            counts.asks.insert(subject.clone(), 1);
        }
    }

    /// A value was read, so that it is not the first to make room.
    pub(crate) fn read(&self, subject: &Subject) {
        let mut counts = self.counts();
        if counts.reads.len() < MAX_SUBJECTS && !counts.reads.contains(subject) {
            counts.reads.insert(subject.clone());
        }
    }

    /// Writes the counts every second until `shutdown`, and once more then.
    pub(crate) async fn write(
        self: Arc<Self>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) {
        let mut failing = false;
        loop {
            let ended = shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
            let written = self.write_once(&*store, &*clock).await;
            if let Err(error) = &written
                && !failing
            {
                tracing::warn!(error = error as &dyn std::error::Error, "counts of asks and reads are being lost");
            }
            failing = written.is_err();
            if ended {
                return;
            }
        }
    }

    async fn write_once(&self, store: &dyn Store, clock: &dyn Clock) -> Result<(), store::StoreError> {
        let Counts { asks, reads } = std::mem::take(&mut *self.counts());
        if !asks.is_empty() {
            store.add_requests(&asks.into_iter().collect::<Vec<_>>()).await?;
        }
        if !reads.is_empty() {
            store.touch(&reads.into_iter().collect::<Vec<_>>(), clock.now()).await?;
        }
        Ok(())
    }

    /// No call leaves the counts half changed.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
