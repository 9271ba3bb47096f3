//! The record in one SQLite file, for a system of one process.
//!
//! One task writes and commits together what arrives together; a few connections read beside it. In
//! write-ahead mode neither waits for the other.

mod accept;
mod error;
mod lease;
mod migrations;
mod read;
mod record;
mod standing;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use self::accept::Admission;
use self::writer::WriterHandle;
use crate::metrics::timed;
use crate::{
    CompleteResult, CompletedValue, InlineValue, Lease, LeaseResult, NewCalculation, QueueCounts, Release, RenewResult,
    Store, StoreError, StoreLimits, StoredObject, SubmitResult, Unfinished, WithdrawResult,
};

/// How long a statement waits for another process that holds the file, such as a person with a SQL shell.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that read. More would only wait for the same cores.
const READERS: u32 = 4;
/// The write-ahead file is cut to this after a checkpoint, so that one burst does not occupy the disk for ever.
const WAL_BYTES: &str = "67108864";

/// The record in one SQLite file. Needs a Tokio runtime, and the file must not be on a network disk.
///
/// Its process must be the only one that runs calculations from the file; others may read it.
pub struct SqliteStore {
    writer: WriterHandle,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the record at `path`, creating or bringing up to date what is there.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or is locked, `Full` when there is no room for it,
    /// `Corrupt` when it is no record or its form was changed by hand.
    pub async fn open(path: &Path, limits: StoreLimits) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", WAL_BYTES);
        migrate(&options.clone().create_if_missing(true)).await?;
        let writer = WriterHandle::start(options.clone(), limits).await.map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options.read_only(true))
            .await
            .map_err(failed)?;
        Ok(Self { writer, readers })
    }

    /// Declares every lease lost and queues its row again; gives how many there were.
    ///
    /// For the start of the process that has just locked the data directory: whoever held a lease then is
    /// dead. Each counts as lost, so that work which kills its process does not do so for ever.
    ///
    /// # Errors
    /// `Unavailable` and `Full` as for every change; then nothing was changed.
    pub async fn void_leases(&self) -> Result<u64, StoreError> {
        timed("void_leases", self.writer.change(lease::VoidLeases)).await
    }

    /// Waits for the changes asked for so far and closes the file. Later calls find it unavailable.
    ///
    /// Dropping the record without this loses nothing either, but leaves the write-ahead file behind.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

async fn migrate(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(failed)?;
    migrations::apply(&mut connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => failed(error),
        sqlx::migrate::MigrateError::ExecuteMigration(error, _) => failed(error),
        error => StoreError::Corrupt(error.into()),
    })?;
    connection.close().await.map_err(failed)
}

fn failed(error: sqlx::Error) -> StoreError {
    error::classify(Arc::new(error))
}

#[async_trait]
impl Store for SqliteStore {
    #[tracing::instrument(name = "store.submit", level = "debug", skip_all)]
    async fn submit(&self, acceptance: &NewCalculation) -> Result<SubmitResult, StoreError> {
        timed("accept", async {
            match self.writer.change(accept::Accept(acceptance.clone())).await? {
                Admission::Admitted(accepted) => Ok(accepted),
                Admission::QueueFull { allowed } => Err(StoreError::QueueFull { allowed }),
            }
        })
        .await
    }

    #[tracing::instrument(name = "store.find", level = "debug", skip_all)]
    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError> {
        timed("find", async { read::find(&self.readers, subject).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.list", level = "debug", skip_all)]
    async fn list(&self, before: Option<CalculationId>, limit: u32) -> Result<Vec<Calculation>, StoreError> {
        timed("list", async { read::list(&self.readers, before, limit).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.add_requests", level = "debug", skip_all)]
    async fn add_requests(&self, asks: &[(Subject, u64)]) -> Result<(), StoreError> {
        timed("add_requests", self.writer.change(accept::CountAsks(asks.to_vec()))).await
    }

    #[tracing::instrument(name = "store.withdraw", level = "debug", skip_all)]
    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError> {
        let change = accept::Withdraw { subject: subject.clone(), ask: ask.clone(), now };
        timed("withdraw", self.writer.change(change)).await
    }

    #[tracing::instrument(name = "store.unfinished", level = "debug", skip_all)]
    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        timed("unfinished", async { read::unfinished(&self.readers, after, limit).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.lease", level = "debug", skip_all)]
    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError> {
        let change = lease::Take { subject: subject.clone(), worker: worker.clone(), lease, now };
        timed("lease", self.writer.change(change)).await
    }

    #[tracing::instrument(name = "store.renew", level = "debug", skip_all)]
    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError> {
        timed("renew", self.writer.change(lease::Renew { lease: lease.clone(), progress })).await
    }

    #[tracing::instrument(name = "store.release", level = "debug", skip_all)]
    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError> {
        timed("release", self.writer.change(lease::GiveBack { lease: lease.clone(), release })).await
    }

    #[tracing::instrument(name = "store.complete", level = "debug", skip_all)]
    async fn complete(&self, recorded: &CompletedValue) -> Result<CompleteResult, StoreError> {
        timed("complete", self.writer.change(record::RecordValue(recorded.clone()))).await
    }

    #[tracing::instrument(name = "store.fail", level = "debug", skip_all)]
    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError> {
        let change = record::RecordFailure { subject: subject.clone(), lease: lease.cloned(), failure, now };
        timed("fail", self.writer.change(change)).await
    }

    #[tracing::instrument(name = "store.inline_value", level = "debug", skip_all)]
    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError> {
        timed("inline_value", async { read::inline_value(&self.readers, subject).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.touch", level = "debug", skip_all)]
    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError> {
        timed("touch", self.writer.change(record::NoteReads { subjects: subjects.to_vec(), now })).await
    }

    #[tracing::instrument(name = "store.object_bytes", level = "debug", skip_all)]
    async fn object_bytes(&self) -> Result<u64, StoreError> {
        timed("object_bytes", async { read::object_bytes(&self.readers).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.lru_objects", level = "debug", skip_all)]
    async fn lru_objects(&self, limit: u32) -> Result<Vec<StoredObject>, StoreError> {
        timed("lru_objects", async { read::lru_objects(&self.readers, limit).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.mark_evicted", level = "debug", skip_all)]
    async fn mark_evicted(&self, object: &StoredObject) -> Result<(), StoreError> {
        timed("mark_evicted", self.writer.change(record::NoteEviction(object.clone()))).await
    }

    #[tracing::instrument(name = "store.mark_lost", level = "debug", skip_all)]
    async fn mark_lost(&self, object: &StoredObject) -> Result<Option<Calculation>, StoreError> {
        timed("mark_lost", self.writer.change(record::NoteLoss(object.clone()))).await
    }

    #[tracing::instrument(name = "store.backlog", level = "debug", skip_all)]
    async fn backlog(&self) -> Result<QueueCounts, StoreError> {
        timed("backlog", async { read::backlog(&self.readers).await.map_err(failed) }).await
    }

    #[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<(), StoreError> {
        timed("ping", async { read::ping(&self.readers).await.map_err(failed) }).await
    }
}
