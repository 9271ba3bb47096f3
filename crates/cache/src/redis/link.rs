//! Connections to Redis that are made when needed and given up at the first error.
//!
//! Whatever went wrong, the next call begins with a fresh connection, but not before a short rest:
//! while Redis is away its callers should lose little time with it. The queue has a link like this one,
//! without the rest; the two share nothing, so that either can change.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::time::{Instant, timeout};

use crate::{CacheError, metrics};

/// A call is given up after so long, connecting included.
const CALL_TIMEOUT: Duration = Duration::from_millis(500);
/// After a failure nothing is tried for so long.
const REST: Duration = Duration::from_millis(500);

/// The cause of `Unavailable` when Redis did not answer.
#[derive(Debug, thiserror::Error)]
#[error("Redis did not answer within {0:?}")]
struct Silent(Duration);

/// The cause of `Unavailable` when Redis was not asked at all.
#[derive(Debug, thiserror::Error)]
#[error("Redis failed a moment ago and is not asked for {0:?}")]
struct Resting(Duration);

pub(super) struct Link {
    client: Client,
    /// One connection for all calls that do not block, with a number that tells it from later ones.
    shared: tokio::sync::Mutex<(u64, Option<MultiplexedConnection>)>,
    /// Connections for calls that block, each used by one at a time.
    own: Mutex<Vec<MultiplexedConnection>>,
    failed_at: Mutex<Option<Instant>>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client, shared: tokio::sync::Mutex::default(), own: Mutex::default(), failed_at: Mutex::default() }
    }

    /// Runs a call that does not block over the shared connection.
    pub(super) async fn call<T, F>(
        &self,
        name: &'static str,
        call: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, CacheError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        self.is_rested()?;
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

    async fn shared(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut shared = self.shared.lock().await;
        if let (number, Some(connection)) = &*shared {
            return Ok((*number, connection.clone()));
        }
        let connection = self.connect().await?;
        *shared = (shared.0.wrapping_add(1), Some(connection.clone()));
        Ok((shared.0, connection))
    }

    /// Runs a call over a connection of its own, which is closed if the call fails or is dropped.
    pub(super) async fn call_alone<T>(
        &self,
        name: &'static str,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, CacheError> {
        self.is_rested()?;
        let idle = self.own.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let outcome = async {
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let value = call(&mut connection).await?;
            Ok((value, connection))
        };
        match outcome.await {
            Ok((value, connection)) => {
                self.own.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                Ok(value)
            }
            Err(error) => Err(self.failed::<redis::RedisError>(name, error)),
        }
    }

    fn is_rested(&self) -> Result<(), CacheError> {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        match failed_at.map(|at| REST.saturating_sub(at.elapsed())) {
            Some(left) if !left.is_zero() => Err(CacheError::Unavailable(Box::new(Resting(left)))),
            _ => Ok(()),
        }
    }

    fn failed<E: std::error::Error + Send + Sync + 'static>(&self, name: &'static str, cause: E) -> CacheError {
        metrics::unavailable(name);
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // Connections of before may be half dead without knowing it.
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clear();
        CacheError::Unavailable(Box::new(cause))
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // Calls have their own time limits; blocking ones take as long as they were told to.
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CALL_TIMEOUT)).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Gives a call over a connection of one's own so long and the usual time on top.
pub(super) async fn patiently<T>(wait: Duration, call: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match timeout(CALL_TIMEOUT + wait, call).await {
        Ok(outcome) => outcome,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, Silent(CALL_TIMEOUT + wait)).into()),
    }
}
