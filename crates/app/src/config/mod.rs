//! Every setting: one clap structure per role, in which each setting has a flag and an environment variable.
//!
//! `--help` is the reference. Nothing else in the program reads the environment.

#[cfg(feature = "distributed")]
mod access;
mod addresses;
mod backend;
mod development;
mod limits;
mod log_filter;
#[cfg(feature = "distributed")]
mod secret;
mod security_contact;
mod size;
mod storage;
mod traces;
mod units;
mod url;

use clap::Args;

#[cfg(feature = "distributed")]
pub(crate) use access::{AccessArgs, AccessError, Services};
pub(crate) use addresses::{ListenArgs, ProxyArgs, PublicUrlArgs, connectable, socket_address};
pub(crate) use backend::{BackendArgs, Mode, ModeError};
pub(crate) use development::DevelopmentArgs;
pub(crate) use limits::{ConnectionArgs, LimitArgs, RequestArgs, WorkArgs};
pub(crate) use log_filter::{LogArgs, LogFilter};
pub(crate) use security_contact::SecurityContactUri;
pub(crate) use size::ByteSize;
pub(crate) use storage::{DataArgs, DataDirArgs, StorageArgs};
pub(crate) use traces::TraceArgs;
pub(crate) use url::HttpUrl;

#[cfg(feature = "distributed")]
use addresses::InternalListenArgs;

/// Settings of `abaci serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// URL at which the pages reach the API [default: the address it listens on].
    #[arg(long, env = "ABACI_API_URL", value_name = "URL", help_heading = "Addresses")]
    pub(crate) api_url: Option<HttpUrl>,
    #[command(flatten)]
    pub(crate) public: PublicUrlArgs,
    #[command(flatten)]
    pub(crate) proxies: ProxyArgs,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    #[command(flatten)]
    pub(crate) requests: RequestArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
    #[cfg(feature = "distributed")]
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(flatten)]
    pub(crate) development: DevelopmentArgs,
}

/// Settings of `abaci api`.
#[cfg(feature = "distributed")]
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("listen", |listen| listen.default_value("0.0.0.0:5000")),
    mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9050")),
)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) public: PublicUrlArgs,
    #[command(flatten)]
    pub(crate) proxies: ProxyArgs,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    #[command(flatten)]
    pub(crate) requests: RequestArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Memory for computing on the largest worker; an index that needs more is refused at once
    /// [default: it is accepted, and fails if no worker has enough].
    #[arg(long, env = "ABACI_WORKER_MEMORY_BYTES", value_name = "SIZE", help_heading = "Limits")]
    pub(crate) worker_memory_bytes: Option<ByteSize>,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
}

/// Settings of `abaci worker`.
#[cfg(feature = "distributed")]
#[derive(Args, Clone, Debug)]
#[command(mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9060")))]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    pub(crate) internal: InternalListenArgs,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
}

/// Settings of `abaci client`.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("listen", |listen| listen.default_value("0.0.0.0:3000")),
    mut_arg("internal_listen", |listen| listen.default_value("0.0.0.0:9030")),
)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// URL of the API.
    #[arg(
        long,
        env = "ABACI_API_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000",
        help_heading = "Addresses"
    )]
    pub(crate) api_url: HttpUrl,
    #[command(flatten)]
    pub(crate) public: PublicUrlArgs,
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(flatten)]
    pub(crate) development: DevelopmentArgs,
}
