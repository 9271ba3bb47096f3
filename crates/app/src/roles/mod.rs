//! The roles: what each one runs. They share [`crate::process`] and [`crate::backends`].

#[cfg(feature = "distributed")]
pub(crate) mod api;
pub(crate) mod client;
mod health;
mod internal;
pub(crate) mod operator_queue;
mod own_pages;
mod routes;
pub(crate) mod serve;
mod settings;
#[cfg(feature = "distributed")]
pub(crate) mod worker;

use crate::backends::{EmbeddedError, LockError, ValuesError};
use crate::config::ModeError;
use crate::process::ServiceError;

/// Error that prevents or ends a role.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoleError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// No connection to PostgreSQL and Redis can be made with these settings.
    #[cfg(feature = "distributed")]
    #[error(transparent)]
    Access(#[from] crate::config::AccessError),
    /// The URL of the API cannot be used: set another one.
    #[error("cannot use ABACI_API_URL")]
    ApiUrl(#[from] ::client::BaseUrlError),
    /// Another process holds the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database or the values cannot be opened.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The location of values cannot be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The process cannot start, or ended by itself.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<std::io::Error> for RoleError {
    fn from(error: std::io::Error) -> Self {
        Self::Service(error.into())
    }
}

impl RoleError {
    /// Returns whether a setting must be changed.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        match self {
            Self::Mode(_) | Self::ApiUrl(_) => true,
            Self::Service(error) => error.is_wrong_setting(),
            Self::Values(error) | Self::Embedded(EmbeddedError::Values(error)) => error.is_wrong_setting(),
            #[cfg(feature = "distributed")]
            Self::Access(_) => true,
            Self::Lock(_) | Self::Embedded(_) => false,
        }
    }
}
