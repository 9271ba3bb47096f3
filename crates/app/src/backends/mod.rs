//! The backends behind the ports, in either mode. Everything above uses only the ports.

mod directory_lock;
mod directory_watch;
#[cfg(feature = "distributed")]
mod distributed;
mod embedded;
mod orphans;

use std::sync::Arc;

use store::{Objects, OpenError, Place, SqliteStore};
use tokio_util::sync::CancellationToken;

use crate::config::DataArgs;

pub(crate) use directory_lock::{DirectoryLock, LockError};
pub(crate) use directory_watch::DirectoryWatch;
#[cfg(feature = "distributed")]
pub(crate) use distributed::open as open_distributed;
pub(crate) use embedded::{EmbeddedError, database_path, open as open_embedded};

/// The backends of one process.
pub(crate) struct Backends {
    /// The ports.
    pub(crate) ports: ports::Ports,
    /// Opens the ports of the worker's heartbeats, which run on a runtime of their own.
    open_heartbeat_ports: Arc<dyn Fn() -> ports::Ports + Send + Sync>,
    /// The files of the embedded store, which must stay where they are.
    pub(crate) directory: Option<Arc<DirectoryWatch>>,
    objects: Objects,
    store: OpenStore,
}

/// The store, to be closed at the end.
enum OpenStore {
    Sqlite(Arc<SqliteStore>),
    #[cfg(feature = "distributed")]
    Postgres(Arc<store::PostgresStore>),
}

/// Error for a location of long values that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("ABACI_VALUES_URL: cannot use {} for values", describe(place))]
pub(crate) struct ValuesError {
    place: Place,
    source: OpenError,
}

impl ValuesError {
    /// Returns whether a setting must be changed.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        matches!(self.source, OpenError::Settings(_) | OpenError::NotBuiltIn)
    }
}

fn describe(place: &Place) -> String {
    match place {
        Place::Directory(folder) => format!("the folder {}", folder.display()),
        Place::Bucket { name, .. } => format!("the bucket {name}"),
    }
}

/// Opens the location of long values.
pub(crate) fn open_objects(data: &DataArgs) -> Result<Objects, ValuesError> {
    let place = data.values_place();
    Objects::at(&place, &data.bucket_access()).map_err(|source| ValuesError { place, source })
}

impl Backends {
    /// Creates a worker over these backends.
    pub(crate) fn worker(&self, settings: worker::Settings) -> worker::Worker {
        let open = Arc::clone(&self.open_heartbeat_ports);
        worker::Worker::with_heartbeat_ports(self.ports.clone(), settings, move || open())
    }

    /// Deletes objects and files that a crash left behind, once an hour, until `stopping` is cancelled.
    pub(crate) fn delete_orphans(&self, stopping: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        orphans::delete_hourly(self.ports.values.clone(), self.objects.clone(), stopping)
    }

    /// Closes the store.
    pub(crate) async fn close(&self) {
        match &self.store {
            OpenStore::Sqlite(store) => store.close().await,
            #[cfg(feature = "distributed")]
            OpenStore::Postgres(store) => store.close().await,
        }
    }
}
