//! The pool, which drops connections that can no longer do the work.

use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, Postgres};
use tokio::sync::watch;
use tokio::time::timeout;

use super::error::is_read_only;
use super::{PostgresSettings, session};
use crate::BoxError;

/// Timeout of a call, longer than the server lets a statement run: the server cancels a slow statement first, so that
/// its outcome is known. A server that stopped without closing its connections never answers.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// Timeout for getting a connection, a new one included.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout for the answer of a connection before and after its use. Before it, the rest of [`ACQUIRE_TIMEOUT`] is for a
/// new one.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// The connections of a process. Every wait for one, for its answer and for its return ends in bounded time.
#[derive(Clone)]
pub(super) struct Pool {
    connections: PgPool,
    health: ConnectionHealth,
}

impl Pool {
    /// Opens a pool, without connecting yet.
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let health = ConnectionHealth::default();
        let (before, after) = (health.clone(), health.clone());
        let connections = PgPoolOptions::new()
            .max_connections(settings.connections.max(2))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    session::set_up(connection).await?;
                    note_opened_at(Instant::now());
                    Ok(())
                })
            })
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // sqlx's own check has no timeout.
            .test_before_acquire(false)
            .before_acquire(move |connection, metadata| {
                let health = before.clone();
                Box::pin(async move {
                    if !health.is_usable(metadata.age) {
                        return Ok(false);
                    }
                    let is_good = match timeout(CHECK_TIMEOUT, connection.ping()).await {
                        Ok(answer) => answer.is_ok(),
                        Err(_) => {
                            // No other idle connection would answer either.
                            health.refuse();
                            false
                        }
                    };
                    if is_good {
                        note_opened_at(Instant::now() - metadata.age);
                    }
                    Ok(is_good)
                })
            })
            .after_release(move |_, metadata| {
                let is_usable = after.is_usable(metadata.age);
                Box::pin(async move { Ok(is_usable) })
            })
            .connect_lazy_with(settings.options());
        Self { connections, health }
    }

    /// Returns a connection. When the server is replaced meanwhile, the wait begins again: it may be for an answer of the
    /// former one.
    pub(super) async fn acquire(&self) -> sqlx::Result<PooledConnection> {
        loop {
            let mut replaced_at = self.health.0.replaced_at.subscribe();
            tokio::select! {
                connection = self.connections.acquire() => return connection.map(PooledConnection),
                // Fails only without its sender, which lives as long as this.
                _ = replaced_at.changed() => {}
            }
        }
    }

    /// Runs a call as [`ConnectionHealth::call`] does.
    pub(super) async fn call<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        self.health.call(work).await
    }

    /// Returns the health of its connections.
    pub(super) fn health(&self) -> ConnectionHealth {
        self.health.clone()
    }

    #[cfg(test)]
    pub(super) const fn connections(&self) -> &PgPool {
        &self.connections
    }

    /// Closes all connections once they are free. Later calls fail.
    pub(super) async fn close(&self) {
        self.connections.close().await;
    }
}

/// A connection that returns to its pool when this is dropped.
pub(super) struct PooledConnection(PoolConnection<Postgres>);

impl Deref for PooledConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        // sqlx asks the server first, without a timeout, and the pool lacks the connection until then.
        let returned = self.0.return_to_pool();
        tokio::spawn(timeout(CHECK_TIMEOUT, returned));
    }
}

/// The health of connections, from failed calls.
///
/// After a failover the old server may still answer and refuse to write, while a new connection reaches the new one;
/// and a server that vanished answers on no connection. Every connection from before such a failure is therefore closed
/// instead of used again. Once new connections are known to reach another server, calls on older ones end too.
#[derive(Clone, Default)]
pub(super) struct ConnectionHealth(Arc<HealthState>);

#[derive(Default)]
struct HealthState {
    /// The last time at which a connection was found to be of no more use.
    refused_at: Mutex<Option<Instant>>,
    /// When the first connection to the present server was opened, if there was another before.
    replaced_at: watch::Sender<Option<Instant>>,
}

impl ConnectionHealth {
    /// Runs a call with a deadline, and notes a failure of its connection. It also ends when its server is replaced.
    pub(super) async fn call<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let opened_at = OpenedAt::default();
        let mut work = pin!(CONNECTION.scope(Arc::clone(&opened_at), work));
        let result = tokio::select! {
            result = work.as_mut() => result,
            () = tokio::time::sleep(DEADLINE) => {
                self.refuse();
                return Err(io_error(io::ErrorKind::TimedOut, "the database did not answer in time"));
            }
            () = self.replaced(&opened_at) => return Err(io_error(io::ErrorKind::ConnectionAborted, ServerReplaced)),
        };
        if result.as_ref().err().is_some_and(is_refusal) {
            self.refuse();
        }
        result
    }

    /// Ends all calls on connections that are older than one that reached another server, and replaces those connections.
    pub(super) fn set_replaced(&self, opened_at: Instant) {
        tracing::info!("the database is on another server now, or restarted; replacing all connections");
        {
            let mut refused_at = self.0.refused_at.lock();
            *refused_at = (*refused_at).max(Some(opened_at));
        }
        self.0.replaced_at.send_replace(Some(opened_at));
    }

    /// Waits until the server of a call's connection, once it has one, is replaced.
    async fn replaced(&self, opened_at: &OpenedAt) {
        let is_older =
            |at: &Option<Instant>| at.is_some() && opened_at.lock().is_some_and(|opened_at| Some(opened_at) < *at);
        // Fails only without its sender, which lives as long as this.
        let _ = self.0.replaced_at.subscribe().wait_for(is_older).await;
    }

    fn is_usable(&self, age: Duration) -> bool {
        let refused_at = *self.0.refused_at.lock();
        refused_at.is_none_or(|refused_at| age < refused_at.elapsed())
    }

    fn refuse(&self) {
        *self.0.refused_at.lock() = Some(Instant::now());
    }
}

/// When the connection of a call was opened; `None` while it has none.
type OpenedAt = Arc<Mutex<Option<Instant>>>;

tokio::task_local! {
    /// The connection of the call that runs.
    static CONNECTION: OpenedAt;
}

/// Notes which connection the call that runs has got.
fn note_opened_at(opened_at: Instant) {
    // Without a call, nothing reads it.
    let _ = CONNECTION.try_with(|call| *call.lock() = Some(opened_at));
}

/// A call ended because new connections reach another server than the one it waited for. What it wrote may be stored.
#[derive(Debug, thiserror::Error)]
#[error("the database moved to another server meanwhile")]
struct ServerReplaced;

/// Whether a call ended because the server was replaced.
pub(super) fn is_replaced(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.get_ref().is_some_and(|cause| cause.is::<ServerReplaced>()))
}

fn io_error(kind: io::ErrorKind, cause: impl Into<BoxError>) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(kind, cause))
}

/// Returns whether an error says that this connection is of no more use.
fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            // Broken; the session, database or server ends or cannot go on; the system below fails.
            is_read_only(error) || ["08", "57P", "58"].iter().any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}
