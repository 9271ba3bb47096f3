//! The pool, which drops connections that can no longer do the work.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::error::is_read_only;
use super::{PostgresSettings, session};
use crate::BoxError;

/// Timeout of a call, longer than the server lets a statement run: the server cancels a slow statement first, so that
/// its outcome is known. A server that stopped without closing its connections never answers.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// Timeout for getting a connection, a new one included.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout for the answer of an idle connection. The rest of [`ACQUIRE_TIMEOUT`] is for a new one.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// Time after an interrupted call in which connections are checked before they are idle again.
const INTERRUPTED_FOR: Duration = Duration::from_secs(10);

/// The health of connections, from failed calls.
///
/// After a failover the old server may still answer and refuse to write, while a new connection reaches the new one;
/// and a server that vanished answers on no connection. Every connection from before such a failure is therefore closed
/// instead of used again. Once new connections are known to reach another server, calls on older ones end too.
#[derive(Clone, Default)]
pub(super) struct ConnectionHealth(Arc<HealthState>);

#[derive(Default)]
struct HealthState {
    failures: Mutex<Failures>,
    /// When the first connection to the present server was opened, if there was another before.
    replaced_at: watch::Sender<Option<Instant>>,
}

#[derive(Default)]
struct Failures {
    /// The last time at which a connection was found to be of no more use.
    refused_at: Option<Instant>,
    /// The last time at which a call was dropped before its end. Its connection may wait for an answer that never comes.
    interrupted_at: Option<Instant>,
}

impl ConnectionHealth {
    /// Opens a pool, without connecting yet.
    pub(super) fn pool(&self, settings: &PostgresSettings) -> PgPool {
        let (before, after) = (self.clone(), self.clone());
        PgPoolOptions::new()
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
                    let opened_at = Instant::now() - metadata.age;
                    let answered = tokio::select! {
                        answered = answers(connection) => answered,
                        () = health.replaced_after(opened_at) => return Ok(false),
                    };
                    let is_good = answered.unwrap_or_else(|_| {
                        // No other idle connection would answer either.
                        health.refuse();
                        false
                    });
                    if is_good {
                        note_opened_at(opened_at);
                    }
                    Ok(is_good)
                })
            })
            // After this sqlx checks too, without a timeout, and the pool lacks the connection until then: a connection in
            // doubt is closed, or checked here first.
            .after_release(move |connection, metadata| {
                let health = after.clone();
                Box::pin(async move {
                    let is_clean = health.is_usable(metadata.age)
                        && (!health.was_interrupted() || answers(connection).await.unwrap_or(false));
                    Ok(is_clean && health.is_usable(metadata.age))
                })
            })
            .connect_lazy_with(settings.options())
    }

    /// Runs a call with a deadline, and notes a failure of its connection. It also ends when its server is replaced.
    pub(super) async fn call<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let opened_at = OpenedAt::default();
        let mut work = pin!(CONNECTION.scope(Arc::clone(&opened_at), work));
        // Dropped before the work returns its connection.
        let mut call = RunningCall { health: self, has_ended: false };
        let result = tokio::select! {
            result = work.as_mut() => result,
            () = tokio::time::sleep(DEADLINE) => {
                self.refuse();
                return Err(io_error(io::ErrorKind::TimedOut, "the database did not answer in time"));
            }
            () = self.replaced(&opened_at) => return Err(io_error(io::ErrorKind::ConnectionAborted, ServerReplaced)),
        };
        call.has_ended = true;
        if result.as_ref().err().is_some_and(is_refusal) {
            self.refuse();
        }
        result
    }

    /// Ends all calls on connections that are older than one that reached another server, and replaces those connections.
    pub(super) fn set_replaced(&self, opened_at: Instant) {
        tracing::info!("the database is on another server now, or restarted; replacing all connections");
        {
            let refused_at = &mut self.0.failures.lock().refused_at;
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

    /// Waits until a connection that was opened later has reached another server.
    async fn replaced_after(&self, opened_at: Instant) {
        self.replaced(&Arc::new(Mutex::new(Some(opened_at)))).await;
    }

    fn is_usable(&self, age: Duration) -> bool {
        let refused_at = self.0.failures.lock().refused_at;
        refused_at.is_none_or(|refused_at| age < refused_at.elapsed())
    }

    fn was_interrupted(&self) -> bool {
        let interrupted_at = self.0.failures.lock().interrupted_at;
        interrupted_at.is_some_and(|interrupted_at| interrupted_at.elapsed() < INTERRUPTED_FOR)
    }

    fn refuse(&self) {
        self.0.failures.lock().refused_at = Some(Instant::now());
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

/// A call that notes when it is dropped before its end.
struct RunningCall<'a> {
    health: &'a ConnectionHealth,
    has_ended: bool,
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.health.0.failures.lock().interrupted_at = Some(Instant::now());
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
