//! The store in PostgreSQL, for a system of many processes.
//!
//! One task per process executes submissions, many in one transaction, and another does so with values; every other
//! write is a short transaction of its own. Every answer is durable before it is given, a value's too: it could be
//! computed again, but a client that was answered `done` would have a wrong status. Only what corrects itself (request
//! counts, read times, progress) may be lost in a power cut.

mod batches;
mod connect;
mod error;
mod incarnation;
mod migrations;
mod pool;
mod session;
mod settings;
mod statements;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::Connection;
use tokio::sync::watch;

use self::batches::{CompleteExecutor, SubmitExecutor};
use self::connect::Readiness;
use self::error::failed;
use self::pool::Pool;
pub use self::settings::{Migrations, PostgresSettings, TlsMode};
use self::statements::{PostgresQueries, PostgresStatements};
use crate::backend::Backend;
use crate::batch::Batcher;
use crate::operations::Operation;
use crate::rules::QueueLimit;
use crate::sql::Queries;
use crate::{CompleteResult, CompletedValue, NewCalculation, StoreError, StoreLimits, SubmitResult};

/// Begins a transaction that is durable when its commit returns.
const BEGIN_DURABLE: &str = "begin";
/// Begins a transaction whose commit does not wait for the disk.
const BEGIN_ASYNC: &str = "begin; set local synchronous_commit = off";

/// The store in a PostgreSQL database, version 14 or later. Needs a Tokio runtime.
///
/// Broken connections are replaced; a server that was away is found again without a restart.
pub struct PostgresStore {
    pool: Pool,
    settings: PostgresSettings,
    server: spans::Server,
    queries: PostgresQueries,
    queue_limit: Arc<QueueLimit>,
    submissions: Batcher<SubmitExecutor>,
    completions: Batcher<CompleteExecutor>,
    complete: CompleteExecutor,
    readiness: Readiness,
}

impl PostgresStore {
    /// Connects to the database and applies or verifies migrations.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached within 5 s or refuses, `Corrupt` when the database does not
    /// have the schema of this version.
    pub async fn connect(settings: &PostgresSettings, limits: StoreLimits) -> Result<Self, StoreError> {
        connect::prepare(settings).await?;
        Ok(Self::new(settings, limits, Readiness::ready()))
    }

    /// Opens the store whether or not its server can be reached yet.
    ///
    /// Until the server was reached and its migrations applied or verified, every call returns `Unavailable`; that is
    /// tried again every second for as long as this lives.
    pub fn open(settings: &PostgresSettings, limits: StoreLimits) -> Self {
        Self::new(settings, limits, Readiness::start(settings.clone()))
    }

    /// Waits until the first attempt to reach the server has succeeded or failed. A process that begins to serve after
    /// this returns no `Unavailable` that a moment later would have been an answer.
    pub async fn tried(&self) {
        self.readiness.tried().await;
    }

    fn new(settings: &PostgresSettings, limits: StoreLimits, readiness: Readiness) -> Self {
        let pool = Pool::new(settings);
        let queue_limit = Arc::new(QueueLimit::shared(limits));
        let submit = SubmitExecutor { pool: pool.clone(), queue_limit: Arc::clone(&queue_limit) };
        let complete = CompleteExecutor { pool: pool.clone(), queue_limit: Arc::clone(&queue_limit) };
        Self {
            queries: PostgresQueries(pool.clone()),
            pool,
            settings: settings.clone(),
            server: settings.server(),
            queue_limit,
            submissions: Batcher::start(submit),
            completions: Batcher::start(complete.clone()),
            complete,
            readiness,
        }
    }

    /// Follows which data the database holds: a text that changes when the server restarts, when another takes its
    /// place, and when the database or its tables are restored. It is `None` while that is not known.
    ///
    /// A change is noticed within half a second, or a second if the server vanished without closing its connections.
    /// Calls that wait for the former server then end. The check has a connection of its own, and ends with the last
    /// receiver.
    pub fn incarnation(&self) -> watch::Receiver<Option<Arc<str>>> {
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(incarnation::follow(self.pool.health(), self.settings.clone(), sender));
        receiver
    }

    /// Closes all connections once they are free. Later calls return `Unavailable`.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Backend for PostgresStore {
    async fn submit_batched(&self, request: NewCalculation) -> Result<SubmitResult, StoreError> {
        self.readiness.check()?;
        self.submissions.execute(request).await?.into()
    }

    async fn complete_batched(&self, value: CompletedValue) -> Result<CompleteResult, StoreError> {
        self.readiness.check()?;
        self.completions.execute(value).await
    }

    async fn complete_all(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, StoreError> {
        self.readiness.check()?;
        Ok(self.complete.complete_all(values).await?)
    }

    async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer, StoreError> {
        self.readiness.check()?;
        let transaction = async {
            let mut connection = self.pool.acquire().await?;
            let mut transaction = connection.begin_with(if O::DURABLE { BEGIN_DURABLE } else { BEGIN_ASYNC }).await?;
            let mut statements = PostgresStatements { connection: &mut transaction, queue_limit: &self.queue_limit };
            let answer = operation.run(&mut statements).await?;
            transaction.commit().await?;
            Ok(answer)
        };
        self.pool.call(transaction).await.map_err(failed)
    }

    fn server(&self) -> &spans::Server {
        &self.server
    }

    fn queries(&self) -> &impl Queries {
        &self.queries
    }

    async fn read<T: Send>(&self, query: impl Future<Output = sqlx::Result<T>> + Send) -> Result<T, StoreError> {
        self.readiness.check()?;
        self.pool.call(query).await.map_err(failed)
    }
}
