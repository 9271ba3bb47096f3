//! The meaning of SQLite's errors.

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

/// Sorts by SQLite's primary result code, the low byte of what it reports.
fn kind(error: &sqlx::Error) -> DbErrorKind {
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
                Some(BUSY | LOCKED | NO_MEMORY | READ_ONLY | INTERRUPTED | IO_ERROR | CANNOT_OPEN) => {
                    DbErrorKind::Unavailable
                }
                Some(FULL) => DbErrorKind::Full,
                _ => DbErrorKind::Corrupt,
            }
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => DbErrorKind::Full,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            DbErrorKind::Unavailable
        }
        _ => DbErrorKind::Corrupt,
    }
}
