//! What the roles have in common: groups of settings, each a flag and a variable.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use store::{BucketAccess, Place};

use super::units::{milliseconds, rate, whole};
use super::{ByteSize, HttpUrl, socket_address};

/// Where it listens.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct Listen {
    /// Address it answers at; port 0 takes a free one and prints it.
    #[arg(long, env = "ABACI_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3050", value_parser = socket_address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) internal: InternalListen,
}

/// Where it listens for operators.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct InternalListen {
    /// Address of /healthz, /readyz and /metrics, which are for operators only; port 0 takes a free one
    /// and prints it.
    #[arg(long, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9051", value_parser = socket_address)]
    pub(crate) internal_listen: SocketAddr,
}

/// The address that people use.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct Public {
    /// The address that people use, where it differs from the one listened on: links and the check
    /// against cross-site requests go by it.
    #[arg(long, env = "ABACI_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<HttpUrl>,
}

/// Whose word on the asking address is believed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct Proxies {
    /// Networks of proxies whose forwarded client address is believed, separated by commas [default: none].
    #[arg(long, env = "ABACI_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',', value_parser = server::parse_network)]
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
}

impl Proxies {
    /// Believes this machine too.
    pub(crate) fn trust_loopback(&mut self) {
        const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];
        self.trusted_proxies.extend(LOOPBACK.iter().filter_map(|network| server::parse_network(network).ok()));
    }
}

/// Where things are kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct Data {
    #[command(flatten)]
    pub(crate) directory: DataDirectory,

    /// Where long values are kept: a folder, or a bucket of S3, reached as AWS's own variables say
    /// (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`, …) [default: the folder `values` in the data
    /// directory].
    #[arg(long, env = "ABACI_VALUES_URL", value_name = "file:///…|s3://…")]
    pub(crate) values_url: Option<Place>,

    /// Bytes that long values may take together; above it the least recently read make room, to be
    /// computed again when asked for.
    #[arg(long, env = "ABACI_STORE_BYTES", value_name = "SIZE", default_value = "10GB")]
    pub(crate) store_bytes: ByteSize,
}

impl Data {
    /// Where long values are kept.
    pub(crate) fn values_place(&self) -> Place {
        self.values_url.clone().unwrap_or_else(|| Place::Directory(self.directory.path.join("values")))
    }

    /// How a bucket is reached, should they be kept in one.
    pub(crate) fn bucket_access(&self) -> BucketAccess {
        #[expect(clippy::disallowed_methods, reason = "AWS's variables, secrets among them, have no flags")]
        BucketAccess::from_variables(|name| std::env::var(name).ok())
    }
}

/// The data directory.
#[derive(Args, Clone, Debug)]
pub(crate) struct DataDirectory {
    /// The record, if it is not in PostgreSQL, and the values, unless they have a place of their own; made if
    /// missing. One program at a time may keep its record there.
    #[arg(long = "data-dir", env = "ABACI_DATA_DIR", value_name = "FOLDER", default_value = "data")]
    pub(crate) path: PathBuf,
}

/// What connections may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connections")]
pub(crate) struct Connections {
    /// Connections open at the same time; more wait to be taken.
    #[arg(long, env = "ABACI_CONNECTIONS", value_name = "NUMBER", default_value = "4096",
          value_parser = whole(1, 1_000_000))]
    pub(crate) connections: u64,

    /// Time to send the head of a request, in milliseconds (10 to 600000); then the connection is closed.
    #[arg(long, env = "ABACI_HEADER_TIMEOUT_MS", value_name = "MS", default_value = "5000", value_parser = milliseconds(10, 600_000))]
    pub(crate) header_timeout_ms: Duration,
}

/// What one request and one caller may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Requests")]
pub(crate) struct Requests {
    /// Bytes that the body of a request may have; more is answered with 413.
    #[arg(long, env = "ABACI_BODY_BYTES", value_name = "SIZE", default_value = "16KiB")]
    pub(crate) body_bytes: ByteSize,

    /// Seconds of work that one address may ask for in a minute; more is answered with 429. `off` lifts
    /// the limit.
    #[arg(long, env = "ABACI_RATE", value_name = "SECONDS|off", default_value = "off", value_parser = rate)]
    pub(crate) rate: Rate,
}

/// Seconds of work a minute that one address may ask for, if limited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(pub(crate) Option<f64>);

/// What may be asked for, and how much may wait.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// The largest index that is accepted, on either side of zero; beyond it is answered with 422.
    #[arg(long, env = "ABACI_MAX_INDEX", value_name = "INDEX", default_value = "1000000000",
          value_parser = whole(1, fibonacci::MAX_INDEX))]
    pub(crate) max_index: u64,

    /// Calculations that may wait at the same time; more is answered with 503.
    #[arg(long, env = "ABACI_MAX_QUEUED", value_name = "NUMBER", default_value = "100000",
          value_parser = whole(1, 10_000_000))]
    pub(crate) max_queued: u64,
}

/// What computing may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Worker")]
pub(crate) struct Work {
    /// Threads that compute [default: one for each processor].
    #[arg(long, env = "ABACI_WORKER_THREADS", value_name = "NUMBER", value_parser = whole(1, 1_024))]
    pub(crate) worker_threads: Option<u64>,

    /// Memory that computing may take together; what needs more than is free waits, what needs more
    /// than this fails [default: 60 % of the container's limit or of the machine].
    #[arg(long, env = "ABACI_WORKER_MEMORY_BYTES", value_name = "SIZE")]
    pub(crate) worker_memory_bytes: Option<ByteSize>,

    /// How long a worker may be silent before its work is given to another, in milliseconds (100 to 60000).
    #[arg(long, env = "ABACI_LEASE_MS", value_name = "MS", default_value = "2000", value_parser = milliseconds(100, 60_000))]
    pub(crate) lease_ms: Duration,
}

/// What is logged.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub(crate) struct Logs {
    /// What is logged on standard error: off, error, warn, info, debug or trace, also by part
    /// (`info,api=debug`). Lines are JSON unless standard error is a terminal.
    #[arg(long, env = "ABACI_LOG", value_name = "FILTER", default_value = "info", value_parser = crate::logs::filter)]
    pub(crate) log: crate::logs::Filter,

    #[command(flatten)]
    pub(crate) traces: crate::traces::TraceSettings,
}

/// For those who work on Abaci itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Development")]
pub(crate) struct Development {
    /// Folder to take style.css, live.js and icon.svg from, at each request; open pages then load
    /// themselves again after an edit [default: those built in].
    #[arg(long, env = "ABACI_ASSETS_DIR", value_name = "FOLDER")]
    pub(crate) assets_dir: Option<PathBuf>,
}

impl Work {
    /// The memory that computing may take: as set, or 60 % of what there is. A machine that does not
    /// tell how much it has is taken to have 2 GiB.
    pub(crate) fn memory_bytes(&self) -> NonZeroU64 {
        const ASSUMED_BYTES: u64 = 2 << 30;
        let bytes = match self.worker_memory_bytes {
            Some(ByteSize(bytes)) => bytes,
            None => crate::memory::limit_bytes().unwrap_or(ASSUMED_BYTES) / 10 * 6,
        };
        NonZeroU64::new(bytes).unwrap_or(NonZeroU64::MIN)
    }
}
