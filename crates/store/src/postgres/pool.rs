//! The pool, which drops connections whose server no longer accepts writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::error::is_read_only;
use super::{PostgresSettings, session};

/// How long a call waits for a connection, a new one included.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the only connection of a pool is kept.
const MAX_LIFETIME: Duration = Duration::from_secs(10);

/// When a server last refused a connection's work.
///
/// After a failover the old server may still answer and refuse to write, while a new connection reaches the new one.
/// Every connection from before a refusal is therefore closed instead of used again.
#[derive(Clone, Default)]
pub(super) struct Refusals(Arc<Mutex<Option<Instant>>>);

impl Refusals {
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
        let refusals = self.clone();
        PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).before_acquire(move |_, connection| {
            let is_usable = refusals.is_usable(connection.age);
            Box::pin(async move { Ok(is_usable) })
        })
    }

    /// Passes a result on, and notes it if it is an error of the connection.
    pub(super) fn watch<T>(&self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        if result.as_ref().err().is_some_and(is_refusal) {
            *self.0.lock() = Some(Instant::now());
        }
        result
    }

    fn is_usable(&self, age: Duration) -> bool {
        let refused_at = *self.0.lock();
        refused_at.is_none_or(|refused_at| age < refused_at.elapsed())
    }
}

/// Whether an error says that this connection is of no more use.
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
