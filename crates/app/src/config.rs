//! Every setting, as one clap structure for each role with a flag and a variable each: `--help` is the
//! reference.
//!
//! Nothing else in the program reads the environment.

#[cfg(feature = "distributed")]
mod access;
mod explain;
mod groups;
mod network;
#[cfg(feature = "distributed")]
mod secret;
mod size;
mod units;

use clap::Args;

#[cfg(feature = "distributed")]
pub(crate) use access::{Access, AccessError, Services};
pub(crate) use explain::explain;
pub(crate) use groups::{
    Connections, Data, DataDirectory, Development, Limits, Listen, Logs, Proxies, Public, Requests, Work,
};
pub(crate) use network::{HttpUrl, reachable, socket_address};
pub(crate) use size::ByteSize;

#[cfg(feature = "distributed")]
use groups::InternalListen;

use crate::mode::Shape;

/// Settings of `abaci serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeConfig {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Where the page reaches the API [default: the address it listens on].
    #[arg(long, env = "ABACI_API_URL", value_name = "URL", help_heading = "Addresses")]
    pub(crate) api_url: Option<HttpUrl>,
    #[command(flatten)]
    pub(crate) public: Public,
    #[command(flatten)]
    pub(crate) proxies: Proxies,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) connections: Connections,
    #[command(flatten)]
    pub(crate) requests: Requests,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) work: Work,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[cfg(feature = "distributed")]
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(flatten)]
    pub(crate) development: Development,
}

/// Settings of `abaci api`.
#[cfg(feature = "distributed")]
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("listen", |listen| listen.default_value("0.0.0.0:5000")),
    mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9050")),
    mut_arg("rate", |rate| rate.default_value("300")),
)]
pub(crate) struct ApiConfig {
    #[command(flatten)]
    pub(crate) listen: Listen,
    #[command(flatten)]
    pub(crate) public: Public,
    #[command(flatten)]
    pub(crate) proxies: Proxies,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) connections: Connections,
    #[command(flatten)]
    pub(crate) requests: Requests,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// Memory that computing may take on the largest worker; what needs more than this is refused at once
    /// [default: it is accepted, and fails if no worker has as much].
    #[arg(long, env = "ABACI_WORKER_MEMORY_BYTES", value_name = "SIZE", help_heading = "Limits")]
    pub(crate) worker_memory_bytes: Option<ByteSize>,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) logs: Logs,
}

/// Settings of `abaci worker`.
#[cfg(feature = "distributed")]
#[derive(Args, Clone, Debug)]
#[command(mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9060")))]
pub(crate) struct WorkerConfig {
    #[command(flatten)]
    pub(crate) internal: InternalListen,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) work: Work,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) logs: Logs,
}

/// Settings of `abaci client`.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("listen", |listen| listen.default_value("0.0.0.0:3000")),
    mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9030")),
)]
pub(crate) struct ClientConfig {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Where the API is.
    #[arg(
        long,
        env = "ABACI_API_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000",
        help_heading = "Addresses"
    )]
    pub(crate) api_url: HttpUrl,
    #[command(flatten)]
    pub(crate) public: Public,
    #[command(flatten)]
    pub(crate) connections: Connections,
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(flatten)]
    pub(crate) development: Development,
}
