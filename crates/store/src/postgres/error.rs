//! The meaning of PostgreSQL's errors.

use std::sync::Arc;

use crate::StoreError;
use crate::error::{DbError, DbErrorKind};

/// Converts an error to the port's.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    classify(error).into()
}

/// Sorts an error by what its caller can do.
pub(super) fn classify(error: sqlx::Error) -> DbError {
    DbError { kind: kind(&error), source: Arc::new(error) }
}

/// Whether two transactions were in each other's way, so that the same one succeeds when it runs again.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK: &str = "40P01";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == SERIALIZATION_FAILURE || code == DEADLOCK)
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
