//! The store in one SQLite file, for a system of one process.
//!
//! One task writes and commits together what arrives together; a few connections read beside it. In write-ahead mode
//! neither waits for the other.

mod backup;
mod error;
mod migrations;
mod statements;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use self::error::failed;
use self::statements::SqliteQueries;
use self::writer::WriterHandle;
use crate::backend::Backend;
use crate::metrics::timed;
use crate::operations::{Complete, CompleteAll, Operation, Submit, VoidLeases};
use crate::rules::QueueLimit;
use crate::sql::Queries;
use crate::{CompleteResult, CompletedValue, NewCalculation, StoreError, StoreLimits, SubmitResult};

/// Timeout of a statement that waits for another process that locks the file, such as a SQL shell.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that read. More would only wait for the same cores.
const READERS: u32 = 4;
/// The write-ahead file is truncated to 64 MiB after a checkpoint, so that one burst does not occupy the disk forever.
const WAL_BYTES: &str = "67108864";

/// The store in one SQLite file. Needs a Tokio runtime, and the file must not be on a network disk.
///
/// Its process must be the only one that runs calculations from the file; others may read it.
pub struct SqliteStore {
    writer: WriterHandle,
    queries: SqliteQueries,
    server: spans::Server,
}

impl SqliteStore {
    /// Opens the file at `path`, creates it if it does not exist, and applies migrations.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or is locked, `Full` when the disk is full, `Corrupt` when it is not
    /// a store or its schema was changed by hand.
    pub async fn open(path: &Path, limits: StoreLimits) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", WAL_BYTES)
            // Damaged pages are found when they are read, where that is cheap.
            .pragma("cell_size_check", "on");
        migrate(&options.clone().create_if_missing(true)).await?;
        let writer = WriterHandle::start(options.clone(), QueueLimit::exclusive(limits)).await.map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options.read_only(true))
            .await
            .map_err(failed)?;
        let server = spans::Server { system: "sqlite", address: None, port: None, namespace: None };
        Ok(Self { writer, queries: SqliteQueries(readers), server })
    }

    /// Counts every lease as lost and queues its row. Returns their number.
    ///
    /// For the start of the process that has just locked the data directory: the holder of any lease is dead. Each
    /// counts as lost, so that work that kills its process does not do so forever.
    ///
    /// # Errors
    /// `Unavailable` and `Full` as for every write; then nothing was changed.
    pub async fn void_leases(&self) -> Result<u64, StoreError> {
        timed(&self.server, "void_leases", self.writer.write(VoidLeases)).await
    }

    /// Waits for all earlier writes and closes the file. Later calls return `Unavailable`.
    ///
    /// Dropping the store without this loses nothing either, but leaves the write-ahead file behind.
    pub async fn close(&self) {
        self.queries.0.close().await;
        self.writer.close().await;
    }
}

async fn migrate(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(failed)?;
    migrations::apply(&mut connection).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        error => StoreError::Corrupt(error.into()),
    })?;
    connection.close().await.map_err(failed)
}

impl Backend for SqliteStore {
    async fn submit_batched(&self, request: NewCalculation) -> Result<SubmitResult, StoreError> {
        self.writer.write(Submit(request)).await?.into()
    }

    async fn complete_batched(&self, value: CompletedValue) -> Result<CompleteResult, StoreError> {
        self.writer.write(Complete(value)).await
    }

    async fn complete_all(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, StoreError> {
        self.writer.write(CompleteAll(values.to_vec())).await
    }

    async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer, StoreError> {
        self.writer.write(operation).await
    }

    fn server(&self) -> &spans::Server {
        &self.server
    }

    fn queries(&self) -> &impl Queries {
        &self.queries
    }

    async fn read<T: Send>(&self, query: impl Future<Output = sqlx::Result<T>> + Send) -> Result<T, StoreError> {
        query.await.map_err(failed)
    }
}
