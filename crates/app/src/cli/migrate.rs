//! `abaci migrate`: creates or migrates the database without serving.

use clap::Args;
use serde_json::json;
use store::{SqliteStore, StoreLimits};

use super::stdout::{StdoutError, print};
use crate::backends::{DirectoryLock, EmbeddedError, LockError, database_path};
use crate::config::{BackendArgs, DataDirArgs, Mode, ModeError};

/// Create or migrate the database: in PostgreSQL if `PGHOST` is set, otherwise in the data directory.
/// `serve`, `api` and `worker` do the same at their start, unless `ABACI_MIGRATE` is `verify`.
#[derive(Args, Debug)]
pub(crate) struct MigrateCommand {
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    directory: DataDirArgs,
    #[command(flatten)]
    backend: BackendArgs,
    #[cfg(feature = "distributed")]
    #[command(flatten)]
    access: crate::config::AccessArgs,
}

/// Error that prevents a migration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// No connection to PostgreSQL can be made with these settings.
    #[cfg(feature = "distributed")]
    #[error(transparent)]
    Access(#[from] crate::config::AccessError),
    /// Another process holds the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database in the data directory cannot be opened or migrated.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database in PostgreSQL cannot be reached or migrated.
    #[cfg(feature = "distributed")]
    #[error("cannot migrate the database in PostgreSQL")]
    Postgres(#[source] store::StoreError),
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The system refused a thread or the like.
    #[error("cannot start the process")]
    Start(#[from] std::io::Error),
}

// A migration accepts no submissions, so the limit has no effect.
const LIMITS: StoreLimits = StoreLimits { max_queued: 0 };

impl MigrateCommand {
    pub(crate) fn run(self) -> Result<(), MigrateError> {
        let mode = self.backend.store_mode()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let database = runtime.block_on(async {
            match mode {
                Mode::Embedded => self.sqlite().await,
                #[cfg(not(feature = "distributed"))]
                Mode::Distributed => Err(ModeError::NotBuiltIn.into()),
                #[cfg(feature = "distributed")]
                Mode::Distributed => self.postgres().await,
            }
        })?;
        if self.json {
            print(|to| writeln!(to, "{}", json!({"database": database})))?;
        }
        Ok(())
    }

    /// Migrates and returns the path of the database.
    async fn sqlite(&self) -> Result<String, MigrateError> {
        let _lock = DirectoryLock::acquire(&self.directory.path)?;
        let path = database_path(&self.directory.path);
        match SqliteStore::open(&path, LIMITS).await {
            Ok(store) => store.close().await,
            Err(source) => return Err(EmbeddedError::Database { path, source }.into()),
        }
        Ok(path.display().to_string())
    }

    #[cfg(feature = "distributed")]
    async fn postgres(&self) -> Result<String, MigrateError> {
        let settings = store::PostgresSettings {
            // ABACI_MIGRATE=verify is for the other commands.
            migrations: store::Migrations::Apply,
            ..self.access.postgres(&self.backend, None)?
        };
        let store = store::PostgresStore::connect(&settings, LIMITS).await.map_err(MigrateError::Postgres)?;
        store.close().await;
        Ok("postgresql".to_owned())
    }
}

impl MigrateError {
    /// Returns whether a setting must be changed.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        match self {
            Self::Mode(_) => true,
            #[cfg(feature = "distributed")]
            Self::Access(_) => true,
            _ => false,
        }
    }
}
