//! The record in PostgreSQL, for a system of many processes.
//!
//! Acceptances are entered by one task per process, many at once; values are recorded by another, many at once
//! too; everything else has a short transaction of its own. Whatever is told to anybody is on disk before: a value
//! could be computed again, but who was told that it is there would have been told something untrue. Only what
//! keeps itself up to date (how often something was asked for, when it was read, how far a computation is) may be
//! a moment behind after a power cut.

mod acceptor;
mod asking;
mod enter;
mod error;
mod gathering;
mod lease;
mod migrations;
mod opening;
mod read;
mod record;
mod recorder;
mod settings;
mod standing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{AskToken, Calculation, CalculationId, Failure, Progress, Subject, Timestamp, WorkerId};
use sqlx::postgres::{PgPool, PgPoolOptions, PgTransaction};

use self::acceptor::Acceptor;
use self::opening::Opening;
use self::recorder::Recorder;
pub use self::settings::{Migrations, PostgresSettings, TlsMode};
use crate::metrics::timed;
use crate::{
    CompleteResult, CompletedValue, InlineValue, Lease, LeaseResult, NewCalculation, QueueCounts, Release, RenewResult,
    Store, StoreError, StoreLimits, StoredObject, SubmitResult, Unfinished, WithdrawResult,
};

/// How long a call waits for a connection, a new one included.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call may take in all. A server that stopped without closing its connections answers never.
const DEADLINE: Duration = Duration::from_secs(5);
/// Opens a transaction that is on disk when its commit returns, as each is that says nothing else.
const DURABLY: &str = "begin";
/// Opens a transaction whose commit does not wait for the disk.
const QUICKLY: &str = "begin; set local synchronous_commit = off";

/// The record in a PostgreSQL database, version 14 or later. Needs a Tokio runtime.
///
/// Broken connections are found and replaced; a server that was away is found again without a restart.
pub struct PostgresStore {
    pool: PgPool,
    acceptor: Acceptor,
    recorder: Recorder,
    opening: Opening,
}

impl PostgresStore {
    /// Connects to the record and brings it up to date, or makes sure that it is.
    ///
    /// The limit is kept exactly across processes, as long as all of them are opened with the same.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached within 5 s or refuses, `Corrupt` when the database is
    /// not of the form this version needs.
    pub async fn connect(settings: &PostgresSettings, limits: StoreLimits) -> Result<Self, StoreError> {
        opening::settle(settings).await?;
        Ok(Self::with(settings, limits, Opening::done()))
    }

    /// The record, whether or not its server can be reached yet.
    ///
    /// Until it was reached once and brought up to date, or found to be so, every call finds it `Unavailable`;
    /// that is tried again every second, for as long as this lives.
    pub fn open(settings: &PostgresSettings, limits: StoreLimits) -> Self {
        Self::with(settings, limits, Opening::start(settings.clone()))
    }

    /// Waits until the server was tried once, with whatever success. Whoever begins to serve after this meets
    /// no caller with an `Unavailable` that a moment later would have been an answer.
    pub async fn tried(&self) {
        self.opening.tried().await;
    }

    fn with(settings: &PostgresSettings, limits: StoreLimits, opening: Opening) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections.max(2))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(settings.options());
        let (acceptor, recorder) = (Acceptor::start(pool.clone(), limits), Recorder::start(pool.clone()));
        Self { pool, acceptor, recorder, opening }
    }

    /// Closes all connections once they are free. Later calls find the record unavailable.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// One call of the port: timed, in time, and with the port's errors.
    async fn call<T>(&self, name: &'static str, work: impl Future<Output = sqlx::Result<T>>) -> Result<T, StoreError> {
        self.opening.check()?;
        timed(name, async { within_deadline(work).await.map_err(failed) }).await
    }

    async fn begin(&self, opening: &'static str) -> sqlx::Result<PgTransaction<'static>> {
        self.pool.begin_with(opening).await
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    error::classify(Arc::new(error))
}

async fn within_deadline<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed))),
    }
}

#[async_trait]
impl Store for PostgresStore {
    #[tracing::instrument(name = "store.submit", level = "debug", skip_all)]
    async fn submit(&self, acceptance: &NewCalculation) -> Result<SubmitResult, StoreError> {
        self.opening.check()?;
        timed("accept", self.acceptor.submit(acceptance.clone())).await
    }

    #[tracing::instrument(name = "store.find", level = "debug", skip_all)]
    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError> {
        self.call("find", read::find(&self.pool, subject)).await
    }

    #[tracing::instrument(name = "store.list", level = "debug", skip_all)]
    async fn list(&self, before: Option<CalculationId>, limit: u32) -> Result<Vec<Calculation>, StoreError> {
        self.call("list", read::list(&self.pool, before, limit)).await
    }

    #[tracing::instrument(name = "store.add_requests", level = "debug", skip_all)]
    async fn add_requests(&self, asks: &[(Subject, u64)]) -> Result<(), StoreError> {
        self.call("add_requests", async {
            let mut transaction = self.begin(QUICKLY).await?;
            asking::add_requests(&mut transaction, asks).await?;
            transaction.commit().await
        })
        .await
    }

    #[tracing::instrument(name = "store.withdraw", level = "debug", skip_all)]
    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError> {
        self.call("withdraw", async {
            let mut transaction = self.begin(DURABLY).await?;
            let withdrawal = asking::withdraw(&mut transaction, subject, ask, now).await?;
            transaction.commit().await?;
            Ok(withdrawal)
        })
        .await
    }

    #[tracing::instrument(name = "store.unfinished", level = "debug", skip_all)]
    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        self.call("unfinished", read::unfinished(&self.pool, after, limit)).await
    }

    #[tracing::instrument(name = "store.lease", level = "debug", skip_all)]
    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError> {
        self.call("lease", async {
            let mut transaction = self.begin(DURABLY).await?;
            let claiming = lease::take(&mut transaction, subject, worker, lease, now).await?;
            transaction.commit().await?;
            Ok(claiming)
        })
        .await
    }

    #[tracing::instrument(name = "store.renew", level = "debug", skip_all)]
    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError> {
        self.call("renew", async {
            let mut transaction = self.begin(QUICKLY).await?;
            let renewal = lease::renew(&mut transaction, lease, progress).await?;
            transaction.commit().await?;
            Ok(renewal)
        })
        .await
    }

    #[tracing::instrument(name = "store.release", level = "debug", skip_all)]
    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError> {
        self.call("release", async {
            let mut transaction = self.begin(DURABLY).await?;
            let released = lease::release(&mut transaction, lease, release).await?;
            transaction.commit().await?;
            Ok(released)
        })
        .await
    }

    #[tracing::instrument(name = "store.complete", level = "debug", skip_all)]
    async fn complete(&self, recorded: &CompletedValue) -> Result<CompleteResult, StoreError> {
        self.opening.check()?;
        timed("complete", self.recorder.record(recorded.clone())).await
    }

    #[tracing::instrument(name = "store.fail", level = "debug", skip_all)]
    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError> {
        self.call("fail", async {
            let mut transaction = self.begin(DURABLY).await?;
            let failed = record::fail(&mut transaction, subject, lease, &failure, now).await?;
            transaction.commit().await?;
            Ok(failed)
        })
        .await
    }

    #[tracing::instrument(name = "store.inline_value", level = "debug", skip_all)]
    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError> {
        self.call("inline_value", read::inline_value(&self.pool, subject)).await
    }

    #[tracing::instrument(name = "store.touch", level = "debug", skip_all)]
    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError> {
        self.call("touch", async {
            let mut transaction = self.begin(QUICKLY).await?;
            record::touch(&mut transaction, subjects, now).await?;
            transaction.commit().await
        })
        .await
    }

    #[tracing::instrument(name = "store.object_bytes", level = "debug", skip_all)]
    async fn object_bytes(&self) -> Result<u64, StoreError> {
        self.call("object_bytes", read::object_bytes(&self.pool)).await
    }

    #[tracing::instrument(name = "store.lru_objects", level = "debug", skip_all)]
    async fn lru_objects(&self, limit: u32) -> Result<Vec<StoredObject>, StoreError> {
        self.call("lru_objects", read::lru_objects(&self.pool, limit)).await
    }

    #[tracing::instrument(name = "store.mark_evicted", level = "debug", skip_all)]
    async fn mark_evicted(&self, object: &StoredObject) -> Result<(), StoreError> {
        self.call("mark_evicted", async {
            let mut transaction = self.begin(DURABLY).await?;
            record::mark_evicted(&mut transaction, object).await?;
            transaction.commit().await
        })
        .await
    }

    #[tracing::instrument(name = "store.mark_lost", level = "debug", skip_all)]
    async fn mark_lost(&self, object: &StoredObject) -> Result<Option<Calculation>, StoreError> {
        self.call("mark_lost", async {
            let mut transaction = self.begin(DURABLY).await?;
            let queued = record::mark_lost(&mut transaction, object).await?;
            transaction.commit().await?;
            Ok(queued)
        })
        .await
    }

    #[tracing::instrument(name = "store.backlog", level = "debug", skip_all)]
    async fn backlog(&self) -> Result<QueueCounts, StoreError> {
        self.call("backlog", read::backlog(&self.pool)).await
    }

    #[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<(), StoreError> {
        self.call("ping", read::ping(&self.pool)).await
    }
}
