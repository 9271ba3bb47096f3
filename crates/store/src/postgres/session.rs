//! Sessions: their settings, and the check that each connection has one of its own.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Row};

use super::PostgresSettings;

/// Set by a statement, because poolers drop or refuse what a connection asks for when it begins.
///
/// A process that vanishes with its host releases its locks after the first timeout. No operation pauses within a
/// transaction. A statement without a transaction is durable when it returns.
const SETTINGS: &str = "set idle_in_transaction_session_timeout = '5s'; set synchronous_commit = on; \
                        set statement_timeout = '4s'";
/// Number of times that two connections are compared: between two queries, another client may take the session.
const COMPARISONS: u32 = 3;

/// The server is a pooler that gives every transaction any free session.
#[derive(Debug, thiserror::Error)]
#[error(
    "PGHOST and PGPORT lead to a pooler in transaction mode, where prepared statements, settings and locks of a session \
     are lost; expected PostgreSQL or a pooler in session mode (PgBouncer: pool_mode = session)"
)]
struct SharedSession;

/// Opens a connection and sets it up.
///
/// # Errors
/// `Configuration` when the server is a pooler in transaction mode.
pub(super) async fn open(settings: &PostgresSettings) -> sqlx::Result<PgConnection> {
    let options = settings.options();
    let (mut connection, mut other) = (options.connect().await?, options.connect().await?);
    for _ in 0..COMPARISONS {
        if share_sessions(&mut connection, &mut other).await? {
            return Err(sqlx::Error::Configuration(SharedSession.into()));
        }
    }
    other.close().await?;
    set_up(&mut connection).await?;
    Ok(connection)
}

/// Applies the settings of a session.
pub(super) async fn set_up(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(SETTINGS).execute(connection).await.map(drop)
}

/// Returns whether the transaction of one connection got the session that the other had, or changed its session.
async fn share_sessions(one: &mut PgConnection, two: &mut PgConnection) -> sqlx::Result<bool> {
    let before = session_of(one).await?;
    let mut transaction = two.begin().await?;
    let is_shared = session_of(&mut transaction).await? == before || session_of(one).await? != before;
    transaction.rollback().await?;
    Ok(is_shared)
}

/// Returns the process of the server that answers. Nothing is prepared for it.
async fn session_of(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::raw_sql("select pg_backend_pid()").fetch_one(connection).await?.try_get(0)
}
