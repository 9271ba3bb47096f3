//! The meaning of PostgreSQL's errors.

use std::io;
use std::sync::Arc;

use crate::StoreError;
use crate::error::{DbError, DbErrorKind};

/// Converts an error to the port's.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    classify(error).into()
}

/// The cause of a failed attempt to connect.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to PostgreSQL{}", advice(.0))]
struct ConnectError(#[source] sqlx::Error);

/// Converts an error of an attempt to connect to the port's.
pub(super) fn cannot_connect(error: sqlx::Error) -> StoreError {
    DbError { kind: kind(&error), source: Arc::new(ConnectError(error)) }.into()
}

/// Returns which settings to check after a failed attempt to connect, if a setting can be the cause.
fn advice(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Tls(_) => TLS_ADVICE,
        // A handshake that fails.
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => TLS_ADVICE,
        // PostgreSQL has one code for everything that pg_hba.conf rejects, a connection without TLS too.
        sqlx::Error::Database(error) if error.code().is_some_and(|code| code.starts_with("28")) => {
            ": check PGUSER, PGPASSWORD_FILE and PGSSLMODE"
        }
        _ => "",
    }
}

const TLS_ADVICE: &str = ": check PGSSLMODE, and that PGSSLROOTCERT has the authority of a certificate for PGHOST";

/// Sorts an error by what its caller can do.
pub(super) fn classify(error: sqlx::Error) -> DbError {
    DbError { kind: kind(&error), source: Arc::new(error) }
}

/// Returns whether two transactions collided, so that the same one succeeds when it runs again.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK: &str = "40P01";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == SERIALIZATION_FAILURE || code == DEADLOCK)
}

/// Returns whether the server is read-only, a standby or a primary that has just become one: it stored nothing.
pub(super) fn is_read_only(error: &sqlx::Error) -> bool {
    const READ_ONLY_SQL_TRANSACTION: &str = "25006";
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == READ_ONLY_SQL_TRANSACTION)
}

fn kind(error: &sqlx::Error) -> DbErrorKind {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(DbErrorKind::Corrupt, |code| sqlstate_kind(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed
        // The settings lead to the wrong server.
        | sqlx::Error::Configuration(_)
        | sqlx::Error::WorkerCrashed => DbErrorKind::Unavailable,
        _ => DbErrorKind::Corrupt,
    }
}

/// Sorts by SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn sqlstate_kind(code: &str) -> DbErrorKind {
    match code {
        // Disk full.
        "53100" => DbErrorKind::Full,
        // Read-only: a standby, or a primary that has just become one.
        "25006" => DbErrorKind::Unavailable,
        // A pooler gave the session to another client: its prepared statements are missing or there already.
        "26000" | "42P05" => DbErrorKind::Unavailable,
        // Ended because it was idle within a transaction: the process was stopped for a while.
        "25P03" => DbErrorKind::Unavailable,
        // No such database: not created yet.
        "3D000" => DbErrorKind::Unavailable,
        // Connections, authorisation, collisions, resources, locks, operators, the system below.
        _ if ["08", "28", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            DbErrorKind::Unavailable
        }
        _ => DbErrorKind::Corrupt,
    }
}
