//! The one task that writes.
//!
//! Requests that arrive while it is busy share the next transaction and its one fsync. A lone request
//! waits for nobody: the writer takes whatever is there the moment it is free.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};

use crate::sqlite::error::{Kind, classify, kind};
use crate::{StoreError, StoreLimits, metrics};

/// Requests that may share one transaction. Bounds how long the first of them waits for the last.
const BATCH_ROWS: usize = 256;
/// Requests that may wait for the writer; callers beyond that wait for a place.
const WAITING_REQUESTS: usize = 1024;

/// One change to the record, run inside a transaction that others share.
///
/// It may be run a second time if its first transaction was rolled back.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    /// What its caller gets after the commit.
    type Answer: Send + 'static;

    /// Whether its caller may only be answered once it is on disk: unless it keeps itself up to date anyway.
    fn is_durable(&self) -> bool {
        true
    }

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<Self::Answer>;
}

/// What a change works with.
pub(super) struct Desk<'c> {
    pub(super) connection: &'c mut SqliteConnection,
    pub(super) limits: StoreLimits,
    /// Rows that are queued or running, as they will be after the commit.
    pub(super) unfinished: u64,
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct WriterHandle {
    inbox: mpsc::Sender<Message>,
}

impl WriterHandle {
    /// Starts the writer on a connection of its own. It ends when the last handle is dropped.
    pub(super) async fn start(options: SqliteConnectOptions, limits: StoreLimits) -> sqlx::Result<Self> {
        let connection = options.connect().await?;
        let (inbox, messages) = mpsc::channel(WAITING_REQUESTS);
        let writer = Writer { options, limits, connection: Some(connection), synchronous: None, unfinished: None };
        tokio::spawn(writer.run(messages));
        Ok(Self { inbox })
    }

    /// Has a change made and waits until it is committed.
    pub(super) async fn change<C: Change>(&self, change: C) -> Result<C::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = Pending { change, reply, answer: None };
        self.inbox.send(Message::Change(Box::new(request))).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Waits until everything asked before is written, then ends the writer and closes its connection.
    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.inbox.send(Message::Close(reply)).await.is_ok() {
            // An error means that the writer is gone, which is what was asked for.
            let _ = closed.await;
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the writer has ended".into())
}

enum Message {
    Change(Box<dyn Request>),
    Close(oneshot::Sender<()>),
}

/// A change with somebody who waits for it, whatever its type.
#[async_trait]
trait Request: Send {
    fn is_durable(&self) -> bool;
    /// Whether nobody waits for it any more, so that it need not be made.
    fn is_abandoned(&self) -> bool;
    async fn apply(&mut self, desk: &mut Desk<'_>) -> sqlx::Result<()>;
    /// Tells the caller what became of the transaction.
    fn settle(self: Box<Self>, outcome: Result<(), Arc<sqlx::Error>>);
}

struct Pending<C: Change> {
    change: C,
    reply: oneshot::Sender<Result<C::Answer, StoreError>>,
    answer: Option<C::Answer>,
}

#[async_trait]
impl<C: Change> Request for Pending<C> {
    fn is_durable(&self) -> bool {
        self.change.is_durable()
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    async fn apply(&mut self, desk: &mut Desk<'_>) -> sqlx::Result<()> {
        self.answer = Some(self.change.apply(desk).await?);
        Ok(())
    }

    fn settle(self: Box<Self>, outcome: Result<(), Arc<sqlx::Error>>) {
        let answer = match (outcome, self.answer) {
            (Ok(()), Some(answer)) => Ok(answer),
            (Ok(()), None) => Err(gone()),
            (Err(error), _) => Err(classify(error)),
        };
        // The caller may have gone; the change stands whole, as the port promises.
        let _ = self.reply.send(answer);
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
    limits: StoreLimits,
    /// `None` after it broke, until the next batch opens another.
    connection: Option<SqliteConnection>,
    /// What the connection is set to; `None` when that is not known.
    synchronous: Option<Synchronous>,
    /// Rows queued or running; `None` when it has to be counted.
    unfinished: Option<u64>,
}

impl Writer {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut arrived = Vec::with_capacity(BATCH_ROWS);
        let mut closing = None;
        while closing.is_none() && messages.recv_many(&mut arrived, BATCH_ROWS).await > 0 {
            let mut batch = Vec::with_capacity(arrived.len());
            for message in arrived.drain(..) {
                match message {
                    Message::Change(request) if request.is_abandoned() => {}
                    Message::Change(request) => batch.push(request),
                    Message::Close(reply) => closing = Some(reply),
                }
            }
            self.settle(batch).await;
        }
        messages.close();
        self.close().await;
        if let Some(reply) = closing {
            // Whoever closes may have stopped waiting.
            let _ = reply.send(());
        }
    }

    async fn settle(&mut self, mut batch: Vec<Box<dyn Request>>) {
        if batch.is_empty() {
            return;
        }
        match self.commit(&mut batch).await {
            // One bad row must not take down what shared its transaction; a full or locked database would.
            Err(error) if batch.len() > 1 && kind(&error) == Kind::Corrupt => {
                for mut request in batch {
                    let outcome = self.commit(std::slice::from_mut(&mut request)).await;
                    request.settle(outcome.map_err(Arc::new));
                }
            }
            outcome => {
                let outcome = outcome.map_err(Arc::new);
                batch.into_iter().for_each(|request| request.settle(outcome.clone()));
            }
        }
    }

    async fn commit(&mut self, batch: &mut [Box<dyn Request>]) -> sqlx::Result<()> {
        let outcome = self.try_commit(batch).await;
        if outcome.is_err() {
            // Whether the changes took hold is for the database to say.
            self.unfinished = None;
        }
        outcome
    }

    async fn try_commit(&mut self, batch: &mut [Box<dyn Request>]) -> sqlx::Result<()> {
        let durable = batch.iter().any(|request| request.is_durable());
        let wanted = if durable { Synchronous::Full } else { Synchronous::Normal };
        // Taken out, so that a connection which fails half-way is dropped with its transaction. Opening
        // another costs a millisecond and needs no judgement about what state the old one is in.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.synchronous = None;
                self.options.connect().await?
            }
        };
        if self.synchronous != Some(wanted) {
            synchronous(&mut connection, wanted).await?;
            self.synchronous = Some(wanted);
        }
        let mut transaction = connection.begin_with("begin immediate").await?;
        let unfinished = match self.unfinished {
            Some(unfinished) => unfinished,
            None => count_unfinished(&mut transaction).await?,
        };
        let mut desk = Desk { connection: &mut transaction, limits: self.limits, unfinished };
        for request in batch.iter_mut() {
            request.apply(&mut desk).await?;
        }
        let unfinished = desk.unfinished;
        transaction.commit().await?;
        self.unfinished = Some(unfinished);
        self.connection = Some(connection);
        metrics::batch(batch.len());
        Ok(())
    }

    async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "the record was not closed cleanly");
        }
    }
}

async fn synchronous(connection: &mut SqliteConnection, wanted: Synchronous) -> sqlx::Result<()> {
    let pragma = match wanted {
        Synchronous::Full => "pragma synchronous = full",
        Synchronous::Normal => "pragma synchronous = normal",
    };
    sqlx::query(pragma).execute(connection).await.map(drop)
}

async fn count_unfinished(connection: &mut SqliteConnection) -> sqlx::Result<u64> {
    let rows: i64 = sqlx::query_scalar("select count(*) from calculations where status in ('queued', 'running')")
        .fetch_one(connection)
        .await?;
    u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests;
