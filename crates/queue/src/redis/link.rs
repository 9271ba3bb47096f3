//! Connections to Redis that are made when needed and given up at the first error.
//!
//! Whatever went wrong, the next call begins with a fresh connection. So a server that was demoted,
//! one that is loading, and a peer that no longer answers are left as soon as there is a better one.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::time::{Instant, timeout};

use crate::{QueueError, metrics};

/// A call is given up after so long, connecting included.
const CALL_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Connecting is given up after so long, and so is an answer on a connection of one's own.
const STEP_TIMEOUT: Duration = Duration::from_millis(1_000);

/// The cause of `Unavailable` when Redis did not answer.
#[derive(Debug, thiserror::Error)]
#[error("Redis did not answer within {0:?}")]
struct Silent(Duration);

pub(super) struct Link {
    client: Client,
    /// One connection for all calls that do not block, with a number that tells it from later ones.
    shared: tokio::sync::Mutex<(u64, Option<MultiplexedConnection>)>,
    /// Connections for calls that block, each used by one at a time.
    own: Mutex<Vec<MultiplexedConnection>>,
    trouble: Mutex<Option<Instant>>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client, shared: tokio::sync::Mutex::default(), own: Mutex::default(), trouble: Mutex::default() }
    }

    /// Runs a call that does not block over the shared connection.
    pub(super) async fn call<T, F>(
        &self,
        name: &'static str,
        call: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, QueueError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut used = None;
        let outcome = timeout(CALL_TIMEOUT, async {
            let (number, connection) = self.shared().await?;
            used = Some(number);
            call(connection).await
        });
        let failure = match outcome.await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => self.failed(name, error),
            Err(_) => self.failed(name, Silent(CALL_TIMEOUT)),
        };
        let mut shared = self.shared.lock().await;
        if used == Some(shared.0) {
            shared.1 = None;
        }
        Err(failure)
    }

    /// Runs a script over the shared connection.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        name: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, QueueError> {
        self.call(name, async |mut redis| script.invoke_async(&mut redis).await).await
    }

    async fn shared(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut shared = self.shared.lock().await;
        if let (number, Some(connection)) = &*shared {
            return Ok((*number, connection.clone()));
        }
        let connection = self.connect().await?;
        *shared = (shared.0.wrapping_add(1), Some(connection.clone()));
        Ok((shared.0, connection))
    }

    /// A connection for calls that block: one that was [put back](Self::put_back), or a new one (`true`).
    pub(super) async fn own(&self, name: &'static str) -> Result<(MultiplexedConnection, bool), QueueError> {
        let idle = self.own.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok((connection, false)),
            None => match self.connect().await {
                Ok(connection) => Ok((connection, true)),
                Err(error) => Err(self.failed(name, error)),
            },
        }
    }

    /// Keeps a connection on which nothing is under way. One that is dropped instead is closed.
    pub(super) fn put_back(&self, connection: MultiplexedConnection) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Waits for a call over a connection of one's own that blocks for `block` at most.
    pub(super) async fn patiently<T>(
        &self,
        block: Duration,
        call: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        match timeout(STEP_TIMEOUT + block, call).await {
            Ok(outcome) => outcome,
            Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, Silent(STEP_TIMEOUT + block)).into()),
        }
    }

    /// Notes the trouble and gives the error for the caller.
    pub(super) fn failed(
        &self,
        name: &'static str,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> QueueError {
        metrics::unavailable(name);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // Connections of before may be half dead without knowing it.
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clear();
        QueueError::Unavailable(Box::new(cause))
    }

    /// Whether a call failed less than so long ago.
    pub(super) fn had_trouble_within(&self, duration: Duration) -> bool {
        let trouble = *self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.is_some_and(|at| at.elapsed() < duration)
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // Calls have their own time limits; blocking ones take as long as they were told to.
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(STEP_TIMEOUT)).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Whether a reading was ended because what it waited for was deleted.
pub(super) fn is_gone(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}
