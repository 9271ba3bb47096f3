//! Errors of the store.

use std::sync::Arc;

pub use model::BoxError;

use crate::row::RowError;

/// An error of a store call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unreachable, read-only or busy. The same call may succeed later, and may be repeated: if the
    /// connection broke during a commit, what it wrote may be stored.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The queue is full; nothing was stored. Try again when some calculations are done.
    #[error("the queue is full: {allowed} calculations are waiting")]
    QueueFull {
        /// The number of calculations that may wait.
        allowed: u64,
    },
    /// The disk is full; nothing was stored.
    #[error("the store's disk is full")]
    Full(#[source] BoxError),
    /// A row that this version cannot read, or a wrong statement: trying again will not help.
    #[error("the store holds data that cannot be read")]
    Corrupt(#[source] BoxError),
}

/// The meaning of a failed database call for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DbErrorKind {
    Unavailable,
    Full,
    Corrupt,
}

/// A failed database call. Shared, because one failed transaction answers many callers.
#[derive(Clone, Debug)]
pub(crate) struct DbError {
    pub(crate) kind: DbErrorKind,
    pub(crate) source: Arc<dyn std::error::Error + Send + Sync>,
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error.kind {
            DbErrorKind::Unavailable => Self::Unavailable(error.source.into()),
            DbErrorKind::Full => Self::Full(error.source.into()),
            DbErrorKind::Corrupt => Self::Corrupt(error.source.into()),
        }
    }
}

/// Returns the damaged row that an error tells of.
pub(crate) fn damaged_row(error: &StoreError) -> Option<&RowError> {
    let StoreError::Corrupt(source) = error else { return None };
    let source: &Arc<dyn std::error::Error + Send + Sync> = source.downcast_ref()?;
    match source.downcast_ref()? {
        sqlx::Error::Decode(error) => error.downcast_ref(),
        _ => None,
    }
}
