//! What SQLite's errors mean for a caller.

use std::sync::Arc;

use crate::StoreError;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unavailable,
    Full,
    Corrupt,
}

/// Sorts an error by SQLite's primary result code, the low byte of what it reports.
pub(super) fn kind(error: &sqlx::Error) -> Kind {
    // https://www.sqlite.org/rescode.html
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const NO_MEMORY: u32 = 7;
    const READ_ONLY: u32 = 8;
    const INTERRUPTED: u32 = 9;
    const IO_ERROR: u32 = 10;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;

    match error {
        sqlx::Error::Database(error) => {
            match error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
                Some(BUSY | LOCKED | NO_MEMORY | READ_ONLY | INTERRUPTED | IO_ERROR | CANNOT_OPEN) => Kind::Unavailable,
                Some(FULL) => Kind::Full,
                _ => Kind::Corrupt,
            }
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Kind::Full,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Kind::Unavailable
        }
        _ => Kind::Corrupt,
    }
}

/// The error as the port states it. Shared, because one failed transaction answers many callers.
pub(super) fn classify(error: Arc<sqlx::Error>) -> StoreError {
    match kind(&error) {
        Kind::Unavailable => StoreError::Unavailable(error.into()),
        Kind::Full => StoreError::Full(error.into()),
        Kind::Corrupt => StoreError::Corrupt(error.into()),
    }
}
