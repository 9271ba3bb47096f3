//! The only writer: executes operations of any type, many in one transaction with one fsync.

use std::any::Any;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::error::classify;
use super::statements::SqliteStatements;
use crate::batch::{Batcher, Executor};
use crate::error::DbError;
use crate::operations::Operation;
use crate::rules::QueueLimit;
use crate::{FileIdentity, StoreError};

/// A handle of the writer, which ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct WriterHandle(Batcher<Writer>);

impl WriterHandle {
    /// Starts the writer on a connection of its own.
    pub(super) async fn start(options: SqliteConnectOptions, queue_limit: QueueLimit) -> sqlx::Result<Self> {
        let connection = Some(options.connect().await?);
        let file = FileIdentity::of(options.get_filename())?;
        Ok(Self(Batcher::start(Writer { options, queue_limit, file, connection, synchronous: None })))
    }

    /// Runs an operation and waits for its commit.
    pub(super) async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer, StoreError> {
        let answer = self.execute(Box::new(operation)).await?;
        let answer = answer.downcast().map_err(|_| StoreError::Corrupt("an answer of another operation".into()))?;
        Ok(*answer)
    }

    pub(super) async fn execute(&self, operation: Box<dyn AnyOperation>) -> Result<Box<dyn Any + Send>, StoreError> {
        self.0.execute(operation).await
    }

    /// Waits for all earlier operations, then ends the writer and closes its connection.
    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// An operation of any type.
#[async_trait]
pub(super) trait AnyOperation: Send + Sync {
    fn is_durable(&self) -> bool;

    async fn run(&self, statements: &mut SqliteStatements<'_>) -> sqlx::Result<Box<dyn Any + Send>>;
}

#[async_trait]
impl<O: Operation> AnyOperation for O {
    fn is_durable(&self) -> bool {
        O::DURABLE
    }

    async fn run(&self, statements: &mut SqliteStatements<'_>) -> sqlx::Result<Box<dyn Any + Send>> {
        Ok(Box::new(Operation::run(self, statements).await?))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Synchronous {
    /// A commit is on disk when it returns.
    Full,
    /// A commit survives the death of the process; a power cut may take the last ones.
    Normal,
}

struct Writer {
    options: SqliteConnectOptions,
    queue_limit: QueueLimit,
    file: FileIdentity,
    /// `None` after an error, until the next batch opens another.
    connection: Option<SqliteConnection>,
    /// The setting of the connection; `None` when it is not known.
    synchronous: Option<Synchronous>,
}

impl Executor for Writer {
    type Request = Box<dyn AnyOperation>;
    type Answer = Box<dyn Any + Send>;

    async fn execute(&mut self, operations: &[Self::Request]) -> Result<Vec<Self::Answer>, DbError> {
        self.commit(operations).await.map_err(classify)
    }

    async fn close(self) {
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot close the database cleanly");
        }
    }
}

impl Writer {
    async fn commit(&mut self, operations: &[Box<dyn AnyOperation>]) -> sqlx::Result<Vec<Box<dyn Any + Send>>> {
        let is_durable = operations.iter().any(|operation| operation.is_durable());
        let synchronous = if is_durable { Synchronous::Full } else { Synchronous::Normal };
        // Data written to a file that was removed or replaced is lost when this process ends.
        self.file.check()?;
        // Taken out, so that a connection that fails midway is dropped with its transaction. Opening another costs a
        // millisecond and needs no judgement about the state of the old one.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.synchronous = None;
                self.options.connect().await?
            }
        };
        if self.synchronous != Some(synchronous) {
            set_synchronous(&mut connection, synchronous).await?;
            self.synchronous = Some(synchronous);
        }
        let mut transaction = connection.begin_with("begin immediate").await?;
        let mut statements = SqliteStatements { connection: &mut transaction, queue_limit: &self.queue_limit };
        let mut answers = Vec::with_capacity(operations.len());
        for operation in operations {
            answers.push(operation.run(&mut statements).await?);
        }
        transaction.commit().await?;
        self.connection = Some(connection);
        Ok(answers)
    }
}

async fn set_synchronous(connection: &mut SqliteConnection, synchronous: Synchronous) -> sqlx::Result<()> {
    let pragma = match synchronous {
        Synchronous::Full => "pragma synchronous = full",
        Synchronous::Normal => "pragma synchronous = normal",
    };
    sqlx::query(pragma).execute(connection).await.map(drop)
}
