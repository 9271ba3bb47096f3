//! Errors of the object store.

use std::error::Error;
use std::io;

use crate::BoxError;

/// An error of writing or reading an object.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The object store is unreachable; the same call may succeed later.
    #[error("the object store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The disk is full. The unfinished object has been removed.
    #[error("no room is left for an object")]
    Full(#[source] BoxError),
    /// The object or its block list does not exist: compute it again.
    #[error("the object is missing")]
    Missing,
    /// The object is damaged: never serve it, compute it again.
    #[error("the object is damaged")]
    Corrupt,
}

/// An error of opening an object store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be created or opened.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The settings of the bucket contradict each other, or the machine's certificates cannot be read: correct them.
    #[error("the bucket cannot be reached with these settings")]
    Settings(#[source] BoxError),
    /// The program was built without buckets: use a folder, or build it with them.
    #[error("this program was built without buckets (s3://): expected a folder, file:///full/path")]
    NotBuiltIn,
}

impl ObjectError {
    /// Returns the name of the error in traces.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Full(_) => "full",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
        }
    }

    /// Converts an error of reading.
    pub(super) fn from_read(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error => Self::Unavailable(error.into()),
        }
    }

    /// Converts an error of writing.
    pub(super) fn from_write(error: object_store::Error) -> Self {
        if io_kind(&error).is_some_and(is_full) { Self::Full(error.into()) } else { Self::Unavailable(error.into()) }
    }
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        if is_full(error.kind()) { Self::Full(error.into()) } else { Self::Unavailable(error.into()) }
    }
}

const fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Returns the kind of the system's error below another, if there is one.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}
