//! Why an object could not be written or read.

use std::error::Error;
use std::io;

use crate::BoxError;

/// Why an object could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Out of reach; the same call may succeed later.
    #[error("the object store is out of reach")]
    Unavailable(#[source] BoxError),
    /// No room is left. What was begun has been removed.
    #[error("no room is left for an object")]
    Full(#[source] BoxError),
    /// There is no such object, or no block list beside it: compute it again.
    #[error("the object is missing")]
    Missing,
    /// It is not what was written: never serve it, compute it again.
    #[error("the object is damaged")]
    Corrupt,
}

impl ObjectError {
    /// What an error means while reading something that was there.
    pub(super) fn from_read(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error => Self::Unavailable(error.into()),
        }
    }

    /// What an error means while writing.
    pub(super) fn from_write(error: object_store::Error) -> Self {
        match io_kind(&error) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge) => {
                Self::Full(error.into())
            }
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error.into()),
            _ => Self::Unavailable(error.into()),
        }
    }
}

/// The kind of the system's error at the bottom of another, if one is there.
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
