//! What PostgreSQL's errors mean for a caller.

use std::sync::Arc;

use crate::StoreError;

/// The error as the port states it. Shared, because one failed transaction answers many callers.
pub(super) fn classify(error: Arc<sqlx::Error>) -> StoreError {
    match kind(&error) {
        Kind::Unavailable => StoreError::Unavailable(error.into()),
        Kind::Full => StoreError::Full(error.into()),
        Kind::Corrupt => StoreError::Corrupt(error.into()),
    }
}

/// Whether two transactions stood in each other's way, so that the same one again will pass.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK: &str = "40P01";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == SERIALIZATION_FAILURE || code == DEADLOCK)
}

enum Kind {
    Unavailable,
    Full,
    Corrupt,
}

fn kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(Kind::Corrupt, |code| of_sqlstate(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => Kind::Unavailable,
        _ => Kind::Corrupt,
    }
}

/// Sorts by SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_sqlstate(code: &str) -> Kind {
    match code {
        // Disk full.
        "53100" => Kind::Full,
        // Read-only: a standby, or a primary that has just become one.
        "25006" => Kind::Unavailable,
        // Ended because it was idle within a transaction: the process was stopped for a while.
        "25P03" => Kind::Unavailable,
        // No such database: not made yet.
        "3D000" => Kind::Unavailable,
        // Connections, authorisation, collisions, resources, locks, operators, the system below.
        _ if ["08", "28", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            Kind::Unavailable
        }
        _ => Kind::Corrupt,
    }
}
