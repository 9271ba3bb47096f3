//! The pool, which drops connections that can no longer do the work.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::error::is_read_only;
use super::{PostgresSettings, session};

/// Timeout of a call, longer than the server lets a statement run: the server cancels a slow statement first, so that
/// its outcome is known. A server that stopped without closing its connections never answers.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// Timeout for getting a connection, a new one included.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout for the answer of an idle connection. The rest of [`ACQUIRE_TIMEOUT`] is for a new one.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// Time after an interrupted call in which connections are checked before they are idle again.
const INTERRUPTED_FOR: Duration = Duration::from_secs(10);
/// Lifetime of the connection of a pool that has one.
const MAX_LIFETIME: Duration = Duration::from_secs(10);

/// The health of connections, from failed calls.
///
/// After a failover the old server may still answer and refuse to write, while a new connection reaches the new one;
/// and a server that vanished answers on no connection. Every connection from before such a failure is therefore closed
/// instead of used again.
#[derive(Clone, Default)]
pub(super) struct ConnectionHealth(Arc<Mutex<Failures>>);

#[derive(Default)]
struct Failures {
    /// The last time at which a connection was found to be of no more use.
    refused_at: Option<Instant>,
    /// The last time at which a call was dropped before its end. Its connection may wait for an answer that never comes.
    interrupted_at: Option<Instant>,
}

impl ConnectionHealth {
    /// Opens a pool of one connection, which is replaced after some seconds: it notices when new connections reach
    /// another server.
    pub(super) fn single_connection(&self, settings: &PostgresSettings) -> PgPool {
        self.options().max_connections(1).max_lifetime(MAX_LIFETIME).connect_lazy_with(settings.options())
    }

    /// Opens a pool, without connecting yet.
    pub(super) fn pool(&self, settings: &PostgresSettings) -> PgPool {
        self.options()
            .max_connections(settings.connections.max(2))
            .after_connect(|connection, _| Box::pin(session::set_up(connection)))
            .connect_lazy_with(settings.options())
    }

    fn options(&self) -> PgPoolOptions {
        let (before, after) = (self.clone(), self.clone());
        PgPoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // sqlx's own check has no timeout.
            .test_before_acquire(false)
            .before_acquire(move |connection, metadata| {
                let health = before.clone();
                Box::pin(async move {
                    if !health.is_usable(metadata.age) {
                        return Ok(false);
                    }
                    Ok(answers(connection).await.unwrap_or_else(|_| {
                        // No other idle connection would answer either.
                        health.refuse();
                        false
                    }))
                })
            })
            // sqlx checks here too, without a timeout, and the pool lacks the connection until then.
            .after_release(move |connection, metadata| {
                let health = after.clone();
                Box::pin(async move {
                    let is_clean = !health.was_interrupted() || answers(connection).await.unwrap_or(false);
                    Ok(is_clean && health.is_usable(metadata.age))
                })
            })
    }

    /// Runs a call with a deadline, and notes a failure of its connection.
    pub(super) async fn call<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let result = self.within(DEADLINE, work).await.unwrap_or_else(|elapsed| {
            self.refuse();
            Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed)))
        });
        if result.as_ref().err().is_some_and(is_refusal) {
            self.refuse();
        }
        result
    }

    /// Runs a call with a timeout.
    pub(super) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        let mut work = pin!(work);
        // Dropped before the work returns its connection.
        let call = RunningCall { health: self, has_ended: false };
        let outcome = timeout(limit, work.as_mut()).await;
        call.ended(outcome.is_ok());
        outcome
    }

    fn is_usable(&self, age: Duration) -> bool {
        let refused_at = self.0.lock().refused_at;
        refused_at.is_none_or(|refused_at| age < refused_at.elapsed())
    }

    fn was_interrupted(&self) -> bool {
        let interrupted_at = self.0.lock().interrupted_at;
        interrupted_at.is_some_and(|interrupted_at| interrupted_at.elapsed() < INTERRUPTED_FOR)
    }

    fn refuse(&self) {
        self.0.lock().refused_at = Some(Instant::now());
    }
}

/// A call that notes when it is dropped before its end.
struct RunningCall<'a> {
    health: &'a ConnectionHealth,
    has_ended: bool,
}

impl RunningCall<'_> {
    fn ended(mut self, has_ended: bool) {
        self.has_ended = has_ended;
    }
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.health.0.lock().interrupted_at = Some(Instant::now());
        }
    }
}

/// Returns whether a connection answers, or an error if it is silent for too long.
async fn answers(connection: &mut PgConnection) -> Result<bool, Elapsed> {
    Ok(timeout(CHECK_TIMEOUT, connection.ping()).await?.is_ok())
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
