//! Connections to one Redis server, opened on demand and closed at the first error.
//!
//! After any error the next call opens a new connection. A server that was demoted, is loading or no longer
//! answers is therefore left as soon as a better one is reachable. The `redis` crate's connection manager
//! reconnects after connection errors only, so it stays with a demoted server.

mod exclusive;
#[cfg(feature = "test-server")]
mod test_server;
#[cfg(feature = "test-server")]
mod test_wait;

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::time::{Instant, timeout};

pub use exclusive::ExclusiveConnection;
#[cfg(feature = "test-server")]
pub use test_server::RedisTestServer;
#[cfg(feature = "test-server")]
pub use test_wait::{until, until_ok};

/// Connections to one Redis server.
pub struct RedisLink {
    client: Client,
    server: spans::Server,
    timeout: Duration,
    backoff: Duration,
    /// The connection of all calls that do not block, with its number.
    shared: tokio::sync::Mutex<(u64, Option<MultiplexedConnection>)>,
    /// Idle connections for calls that block.
    idle: Mutex<Vec<MultiplexedConnection>>,
    last_failure: Mutex<Option<Instant>>,
}

/// Why a call failed. The same call may succeed later.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Redis or the connection to it reported an error.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// No connection can be opened.
    #[error("cannot connect to Redis{}", advice(.0))]
    Connect(#[source] RedisError),
    /// Redis did not answer in time.
    #[error("Redis did not answer within {0:?}")]
    Timeout(Duration),
    /// The last call failed a moment ago, so Redis was not called.
    #[error("Redis failed and is not called again for {0:?}")]
    Backoff(Duration),
    /// The server is a node of a Redis Cluster.
    #[error("this server is a node of a Redis Cluster, which is not supported; expected a standalone Redis or Valkey")]
    Cluster,
}

impl RedisLink {
    /// Creates a link that connects at the first call.
    ///
    /// A call fails after `timeout`, connecting included. After a failure every call fails at once for `backoff`.
    ///
    /// With a `rediss` address the program must have installed a process-wide `rustls` provider before the first
    /// call: `rustls` panics without one.
    pub fn new(client: Client, timeout: Duration, backoff: Duration) -> Self {
        Self {
            server: server(&client),
            client,
            timeout,
            backoff,
            shared: tokio::sync::Mutex::default(),
            idle: Mutex::default(),
            last_failure: Mutex::default(),
        }
    }

    /// Runs a call that does not block on the shared connection. Traces name it by its command, or `PIPELINE`, and by
    /// what it is for.
    ///
    /// # Errors
    /// Any [`LinkError`].
    pub async fn call<T, F>(
        &self,
        command: &'static str,
        purpose: &'static str,
        call: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, LinkError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        self.check_backoff()?;
        let span = self.server.span(command, purpose);
        spans::traced(span, self.call_shared(call), LinkError::kind).await
    }

    async fn call_shared<T, F>(&self, call: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, LinkError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut used = None;
        let result = timeout(self.timeout, async {
            let (number, connection) = self.shared().await?;
            used = Some(number);
            Ok(call(connection).await?)
        });
        let error = match result.await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => LinkError::Timeout(self.timeout),
        };
        self.note_failure();
        let mut shared = self.shared.lock().await;
        if used == Some(shared.0) {
            shared.1 = None;
        }
        Err(error)
    }

    /// Runs a script on the shared connection. Traces have its name.
    ///
    /// # Errors
    /// Any [`LinkError`].
    pub async fn run<T: FromRedisValue>(
        &self,
        name: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, LinkError> {
        self.call("EVALSHA", name, async |mut redis| script.invoke_async(&mut redis).await).await
    }

    /// Runs a call that may block on a connection of its own. The connection is closed if the call fails or is
    /// dropped, and Redis stops serving the call then.
    ///
    /// # Errors
    /// Any [`LinkError`].
    pub async fn call_exclusive<T>(
        &self,
        call: impl AsyncFnOnce(&mut ExclusiveConnection) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        self.check_backoff()?;
        let idle = self.idle.lock().pop();
        let result = async {
            let is_new = idle.is_none();
            let connection = match idle {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let mut exclusive = ExclusiveConnection::new(connection, self.timeout, is_new);
            let value = call(&mut exclusive).await?;
            Ok((value, exclusive))
        };
        match result.await {
            Ok((value, exclusive)) => {
                self.idle.lock().push(exclusive.into_inner());
                Ok(value)
            }
            Err(error) => {
                self.note_failure();
                Err(error)
            }
        }
    }

    /// Returns whether a call failed less than `duration` ago.
    pub fn failed_within(&self, duration: Duration) -> bool {
        self.last_failure.lock().is_some_and(|at| at.elapsed() < duration)
    }

    fn check_backoff(&self) -> Result<(), LinkError> {
        let remaining = self.last_failure.lock().map(|at| self.backoff.saturating_sub(at.elapsed()));
        match remaining {
            Some(remaining) if !remaining.is_zero() => Err(LinkError::Backoff(remaining)),
            _ => Ok(()),
        }
    }

    fn note_failure(&self) {
        *self.last_failure.lock() = Some(Instant::now());
        // Older connections may be dead without having noticed.
        self.idle.lock().clear();
    }

    async fn shared(&self) -> Result<(u64, MultiplexedConnection), LinkError> {
        let mut shared = self.shared.lock().await;
        if let (number, Some(connection)) = &*shared {
            return Ok((*number, connection.clone()));
        }
        let connection = self.connect().await?;
        *shared = (shared.0.wrapping_add(1), Some(connection.clone()));
        Ok((shared.0, connection))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, LinkError> {
        // Calls have their own timeouts; a blocking one waits as long as it was asked to.
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(self.timeout)).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut connection = connection.map_err(LinkError::Connect)?;
        let hello = redis::cmd("HELLO");
        let server = timeout(self.timeout, hello.query_async::<HashMap<String, redis::Value>>(&mut connection))
            .await
            .map_err(|_| LinkError::Timeout(self.timeout))?
            .map_err(LinkError::Connect)?;
        check_standalone(&server)?;
        Ok(connection)
    }
}

impl LinkError {
    /// Returns the name of the error in traces.
    fn kind(&self) -> &'static str {
        match self {
            Self::Redis(_) => "redis",
            Self::Connect(_) => "connect",
            Self::Timeout(_) => "timeout",
            Self::Backoff(_) => "backoff",
            Self::Cluster => "cluster",
        }
    }
}

/// Returns where the server is, for traces.
fn server(client: &Client) -> spans::Server {
    let (address, port) = match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), Some(*port)),
        other => (other.to_string(), None),
    };
    spans::Server { system: "redis", address: Some(address), port, namespace: None }
}

/// Returns which settings to check after a failed attempt to connect, if a setting can be the cause.
fn advice(error: &RedisError) -> &'static str {
    if error.kind() == redis::ErrorKind::AuthenticationFailed || matches!(error.code(), Some("WRONGPASS" | "NOAUTH")) {
        ": check REDIS_USERNAME and REDIS_PASSWORD_FILE"
    } else if error.is_connection_refusal() || error.code().is_some() {
        ""
    } else {
        // With TLS on one side only, the server closes the connection or does not answer.
        ": check REDIS_TLS, REDIS_PORT, and that SSL_CERT_FILE has the authority of a certificate for REDIS_HOST"
    }
}

/// Refuses a node of a cluster: it redirects calls, and this link would take each redirection for an error.
fn check_standalone(server: &HashMap<String, redis::Value>) -> Result<(), LinkError> {
    let mode = server.get("mode").and_then(|mode| redis::from_redis_value_ref::<String>(mode).ok());
    if mode.as_deref() == Some("cluster") { Err(LinkError::Cluster) } else { Ok(()) }
}
