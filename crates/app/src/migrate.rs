//! `abaci migrate`: brings the record up to date without serving.

use clap::Args;
use store::{SqliteStore, StoreLimits};

use crate::config::DataDirectory;
use crate::embedded::{EmbeddedError, record_path};
use crate::lock::{DirectoryLock, LockError};
use crate::mode::{Mode, ModeError, Shape};

/// Makes the record, or brings it up to date: in PostgreSQL if `PGHOST` is set, in the data directory if not.
/// `serve`, `api` and `worker` do the same when they start, unless `ABACI_MIGRATE` is `verify`.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    #[command(flatten)]
    directory: DataDirectory,
    #[command(flatten)]
    shape: Shape,
    #[cfg(feature = "distributed")]
    #[command(flatten)]
    access: crate::config::Access,
}

/// Why the record is not up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// PostgreSQL cannot be reached with these settings, whatever is tried.
    #[cfg(feature = "distributed")]
    #[error(transparent)]
    Access(#[from] crate::config::AccessError),
    /// Another process has the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record cannot be opened or changed.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database cannot be reached or changed.
    #[cfg(feature = "distributed")]
    #[error("the record in PostgreSQL cannot be brought up to date{}", advice.map(|advice| format!(" ({advice})")).unwrap_or_default())]
    Postgres {
        /// What the store said.
        source: store::StoreError,
        /// What to set so that it can.
        advice: Option<&'static str>,
    },
    /// The system refuses a thread or the like.
    #[error("the process cannot begin")]
    Begin(#[from] std::io::Error),
}

// Nothing is accepted here, so the limit is of no consequence.
const LIMITS: StoreLimits = StoreLimits { max_queued: 0 };

impl Migrate {
    pub(crate) fn run(self) -> Result<(), MigrateError> {
        let mode = self.shape.of_record()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match mode {
                Mode::Embedded => self.sqlite().await,
                #[cfg(not(feature = "distributed"))]
                Mode::Distributed => Err(ModeError::NotBuiltIn.into()),
                #[cfg(feature = "distributed")]
                Mode::Distributed => self.postgres().await,
            }
        })
    }

    async fn sqlite(&self) -> Result<(), MigrateError> {
        let _lock = DirectoryLock::take(&self.directory.path)?;
        let path = record_path(&self.directory.path);
        match SqliteStore::open(&path, LIMITS).await {
            Ok(store) => store.close().await,
            Err(source) => return Err(EmbeddedError::Record { path, source }.into()),
        }
        Ok(())
    }

    #[cfg(feature = "distributed")]
    async fn postgres(&self) -> Result<(), MigrateError> {
        let settings = store::PostgresSettings {
            // Whatever the others are told: this is the command that does it.
            migrations: store::Migrations::Apply,
            ..self.access.postgres(&self.shape, None)?
        };
        let store = store::PostgresStore::connect(&settings, LIMITS)
            .await
            .map_err(|source| MigrateError::Postgres { advice: crate::advice::on_postgres(&source), source })?;
        store.close().await;
        Ok(())
    }
}

impl MigrateError {
    /// Whether other settings are wanted, rather than another attempt.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        match self {
            Self::Mode(_) => true,
            #[cfg(feature = "distributed")]
            Self::Access(_) => true,
            _ => false,
        }
    }
}
