//! Approximate counters: how often subjects are requested, and which values are read.
//!
//! They are kept in memory and written every second, so that no request waits for them. What is not written yet is
//! lost with the process, which is why `asked` is called approximate.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use model::Subject;
use parking_lot::Mutex;
use ports::Ports;
use store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::metrics;

const WRITE_INTERVAL: Duration = Duration::from_secs(1);
/// Subjects with a count between two writes; further ones are not counted.
const MAX_SUBJECTS: usize = 10_000;
/// Cache entries removed at a time.
const CONCURRENT_REMOVALS: usize = 32;

/// Counts since the last write.
#[derive(Default)]
pub(crate) struct UsageCounts(Mutex<Unwritten>);

#[derive(Default)]
struct Unwritten {
    requests: HashMap<Subject, u64>,
    reads: HashSet<Subject>,
}

impl UsageCounts {
    /// Counts one more request for a subject that the store has already.
    pub(crate) fn add_request(&self, subject: &Subject) {
        let mut unwritten = self.0.lock();
        if let Some(count) = unwritten.requests.get_mut(subject) {
            *count += 1;
        } else if unwritten.requests.len() < MAX_SUBJECTS {
            unwritten.requests.insert(subject.clone(), 1);
        }
    }

    /// Notes that a value was read, so that it is not the first to be evicted.
    pub(crate) fn add_read(&self, subject: &Subject) {
        let mut unwritten = self.0.lock();
        if unwritten.reads.len() < MAX_SUBJECTS && !unwritten.reads.contains(subject) {
            unwritten.reads.insert(subject.clone());
        }
    }

    /// Writes the counts every second until `shutdown`, and once more then.
    pub(crate) async fn write(self: Arc<Self>, ports: Ports, shutdown: CancellationToken) {
        let mut failing = false;
        loop {
            let stopping = shutdown.run_until_cancelled(tokio::time::sleep(WRITE_INTERVAL)).await.is_none();
            let written = self.write_once(&ports).await;
            if let Err(error) = &written
                && !failing
            {
                tracing::warn!(error = error as &dyn std::error::Error, "cannot write counts of requests and reads");
            }
            failing = written.is_err();
            if stopping {
                return;
            }
        }
    }

    async fn write_once(&self, ports: &Ports) -> Result<(), StoreError> {
        let Unwritten { requests, reads } = std::mem::take(&mut *self.0.lock());
        if !requests.is_empty() {
            let requests: Vec<_> = requests.into_iter().collect();
            ports.store.add_requests(&requests).await?;
            // A cached calculation has the old count.
            let cache = &ports.cache;
            let removed = stream::iter(requests.into_iter().map(Ok))
                .try_for_each_concurrent(CONCURRENT_REMOVALS, async |(subject, _)| cache.remove(&subject).await)
                .await;
            if let Err(error) = removed {
                metrics::record_cache_failure("remove");
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot remove old counts from the cache");
            }
        }
        if !reads.is_empty() {
            ports.store.touch(&reads.into_iter().collect::<Vec<_>>(), ports.clock.now()).await?;
        }
        Ok(())
    }
}
