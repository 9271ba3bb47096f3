//! The embedded backends: SQLite and files in the data directory, a queue and a cache in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cache::{MemoryEventChannel, MemoryValueCache};
use queue::MemoryQueue;
use store::{SqliteStore, StoreError, StoreLimits, Values};

use super::{Backends, DirectoryLock, DirectoryWatch, OpenStore, ValuesError, open_objects};
use crate::config::{LimitArgs, StorageArgs};
use crate::host::SystemClock;

/// Capacity of the cache of finished calculations. Most are below a kilobyte.
const CACHE_BYTES: u64 = 8 << 20;
/// Number of events kept for pages that reconnect.
const EVENT_HISTORY: usize = 4_096;

/// Error for embedded backends that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// The database cannot be opened.
    #[error("cannot open the database {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: StoreError,
    },
    /// The data directory was removed during the start.
    #[error("cannot use the data directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The folder of values cannot be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
}

/// Opens the data directory, creating what is missing. The caller holds its lock.
pub(crate) async fn open(storage: &StorageArgs, limits: &LimitArgs) -> Result<Backends, EmbeddedError> {
    let path = database_path(&storage.data.directory.path);
    let database_error = |source| EmbeddedError::Database { path: path.clone(), source };
    let limits = StoreLimits { max_queued: limits.max_queued };
    let store = Arc::new(SqliteStore::open(&path, limits).await.map_err(database_error)?);
    // The lock is ours, so every process that held a lease is dead.
    let voided = store.void_leases().await.map_err(database_error)?;
    if voided > 0 {
        tracing::info!(leases = voided, "resuming the calculations of an earlier process");
    }
    let files = [path.clone(), DirectoryLock::path(&storage.data.directory.path)];
    let directory = DirectoryWatch::new(files)
        .map_err(|source| EmbeddedError::Directory { path: storage.data.directory.path.clone(), source })?;
    let objects = open_objects(&storage.data)?;
    let ports = ports::Ports {
        store: Arc::clone(&store) as _,
        values: Values::new(Arc::clone(&store) as _, objects.clone(), Some(storage.store_bytes.0)),
        queue: Arc::new(MemoryQueue::new(usize::try_from(limits.max_queued).unwrap_or(usize::MAX))),
        cache: Arc::new(MemoryValueCache::new(CACHE_BYTES)),
        events: Arc::new(MemoryEventChannel::new(EVENT_HISTORY)),
        rates: None,
        incarnation: None,
        clock: Arc::new(SystemClock),
    };
    let heartbeat_ports = ports.clone();
    let open_heartbeat_ports = Arc::new(move || heartbeat_ports.clone());
    Ok(Backends {
        ports,
        directory: Some(Arc::new(directory)),
        objects,
        store: OpenStore::Sqlite(store),
        open_heartbeat_ports,
    })
}

/// Returns the path of the database in a data directory.
pub(crate) fn database_path(directory: &Path) -> PathBuf {
    directory.join("abaci.sqlite")
}
