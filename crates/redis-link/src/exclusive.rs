//! A connection used by one caller at a time, for calls that block.

use std::future::Future;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisResult, ScriptInvocation};
use tokio::time::timeout;

use crate::LinkError;

/// A connection used by one caller at a time.
pub struct ExclusiveConnection {
    connection: MultiplexedConnection,
    timeout: Duration,
    is_new: bool,
}

impl ExclusiveConnection {
    pub(crate) fn new(connection: MultiplexedConnection, timeout: Duration, is_new: bool) -> Self {
        Self { connection, timeout, is_new }
    }

    /// Returns whether this is the first call on the connection.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Runs a script.
    ///
    /// # Errors
    /// `Redis`, or `Timeout` if there is no answer in time.
    pub async fn run<T: FromRedisValue>(&mut self, script: &ScriptInvocation<'_>) -> Result<T, LinkError> {
        let call = script.invoke_async(&mut self.connection);
        answer_within(self.timeout, call).await
    }

    /// Runs a call that Redis may answer up to `block` late.
    ///
    /// # Errors
    /// `Redis`, or `Timeout` if there is no answer in time.
    pub async fn block<'a, T, F>(
        &'a mut self,
        block: Duration,
        call: impl FnOnce(&'a mut MultiplexedConnection) -> F,
    ) -> Result<T, LinkError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let limit = self.timeout + block;
        answer_within(limit, call(&mut self.connection)).await
    }

    pub(crate) fn into_inner(self) -> MultiplexedConnection {
        self.connection
    }
}

async fn answer_within<T>(limit: Duration, call: impl Future<Output = RedisResult<T>>) -> Result<T, LinkError> {
    match timeout(limit, call).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(LinkError::Timeout(limit)),
    }
}
