//! The embedded shape: SQLite and files in the data directory, queue and cache in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cache::{MemoryEventChannel, MemoryValueCache};
use queue::MemoryQueue;
use store::{SqliteStore, StoreError, StoreLimits, Values};

use crate::backends::{Backends, Record, ValuesError, open_objects};
use crate::clock::SystemClock;
use crate::config::{Data, Limits};

/// Finished calculations that are kept in memory, in bytes. Most are under a kilobyte.
const KNOWN_BYTES: u64 = 8 << 20;
/// EventChannel that a page which lost its connection can still catch up on.
const NEWS_KEPT: usize = 4_096;

/// Why it could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// The record cannot be opened.
    #[error("the record {} cannot be opened", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What the store said.
        source: StoreError,
    },
    /// The folder of values cannot be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
}

/// Opens what is in the data directory, making what is missing. The lock on it must be held.
pub(crate) async fn open(data: &Data, limits: &Limits) -> Result<Backends, EmbeddedError> {
    let path = record_path(&data.directory.path);
    let record = |source| EmbeddedError::Record { path: path.clone(), source };
    let limits = StoreLimits { max_queued: limits.max_queued };
    let store = Arc::new(SqliteStore::open(&path, limits).await.map_err(record)?);
    // We hold the directory, so whoever held a lease is dead.
    let voided = store.void_leases().await.map_err(record)?;
    if voided > 0 {
        tracing::info!(leases = voided, "computations that an earlier process left are taken up again");
    }
    let objects = open_objects(data)?;
    let ports = ports::Ports {
        store: Arc::clone(&store) as _,
        values: Values::new(Arc::clone(&store) as _, objects.clone(), Some(data.store_bytes.0)),
        queue: Arc::new(MemoryQueue::new(usize::try_from(limits.max_queued).unwrap_or(usize::MAX))),
        cache: Arc::new(MemoryValueCache::new(KNOWN_BYTES)),
        events: Arc::new(MemoryEventChannel::new(NEWS_KEPT)),
        clock: Arc::new(SystemClock),
    };
    Ok(Backends { ports, objects, record: Record::Sqlite(store) })
}

/// Where the record lies in a data directory.
pub(crate) fn record_path(directory: &Path) -> PathBuf {
    directory.join("abaci.sqlite")
}
