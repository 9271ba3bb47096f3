//! The roles: what each starts of what there is. They share [`crate::process`] and [`crate::backends`].

#[cfg(feature = "distributed")]
pub(crate) mod api;
pub(crate) mod client;
pub(crate) mod serve;
#[cfg(feature = "distributed")]
pub(crate) mod worker;

use std::io;
use std::net::SocketAddr;

use crate::backends::ValuesError;
use crate::embedded::EmbeddedError;
use crate::lock::LockError;
use crate::metrics::MetricsError;
use crate::mode::ModeError;
use crate::parts::PartEnded;

/// Why a role did not run, or did not run to an orderly end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoleError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// PostgreSQL and Redis cannot be reached with these settings, whatever is tried.
    #[cfg(feature = "distributed")]
    #[error(transparent)]
    Access(#[from] crate::config::AccessError),
    /// The pages cannot reach the API at that address: set another one.
    #[error("ABACI_API_URL cannot be used")]
    ApiUrl(#[from] ::client::BaseUrlError),
    /// Another process has the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record or the values cannot be opened.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The place for values cannot be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// An address cannot be listened on.
    #[error("{variable}: {address} cannot be listened on")]
    Listen {
        /// The setting.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Logs could not be begun.
    #[error("logs cannot be written")]
    Logs(#[from] tracing_subscriber::util::TryInitError),
    /// Metrics could not be begun.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The system refuses a thread, a signal or the like.
    #[error("the process cannot begin")]
    Begin(#[from] io::Error),
    /// A part that runs for the life of the process ended by itself. A bug: the log says more.
    #[error(transparent)]
    Part(#[from] PartEnded),
}

impl RoleError {
    /// Whether other settings are wanted, rather than another attempt.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        match self {
            Self::Mode(_) | Self::ApiUrl(_) => true,
            #[cfg(feature = "distributed")]
            Self::Access(_) => true,
            _ => false,
        }
    }
}
