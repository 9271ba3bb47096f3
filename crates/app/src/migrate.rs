//! `abaci migrate`: brings the record up to date without serving.

use clap::Args;
use store::{SqliteStore, StoreError, StoreLimits};

use crate::config::DataDirectory;
use crate::embedded::{EmbeddedError, record_path};
use crate::lock::{DirectoryLock, LockError};

/// Makes the record in the data directory, or brings it up to date. `serve` does the same when it starts.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    #[command(flatten)]
    directory: DataDirectory,
}

/// Why the record is not up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// Another process has the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record cannot be opened or changed.
    #[error(transparent)]
    Record(#[from] EmbeddedError),
    /// The system refuses a thread or the like.
    #[error("the process cannot begin")]
    Begin(#[from] std::io::Error),
}

impl Migrate {
    pub(crate) fn run(self) -> Result<(), MigrateError> {
        let _lock = DirectoryLock::take(&self.directory.path)?;
        let path = record_path(&self.directory.path);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opened: Result<(), StoreError> = runtime.block_on(async {
            // Nothing is accepted here, so the limit is of no consequence.
            SqliteStore::open(&path, StoreLimits { max_queued: 0 }).await?.close().await;
            Ok(())
        });
        Ok(opened.map_err(|source| EmbeddedError::Record { path, source })?)
    }
}
