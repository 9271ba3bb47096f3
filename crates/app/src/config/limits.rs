//! Limits on connections, requests, calculations and computing.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;

use super::ByteSize;
use super::units::{Rate, milliseconds, rate, whole};
use crate::host::memory;

/// Limits on connections.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connections")]
pub(crate) struct ConnectionArgs {
    /// Maximum number of open connections. A new one closes the longest-idle one; if none is idle, it is answered with
    /// 503.
    #[arg(long, env = "ABACI_CONNECTIONS", value_name = "NUMBER", default_value = "4096",
          value_parser = whole(1, 1_000_000))]
    pub(crate) connections: u64,

    /// Maximum time for a client to send a request head, in milliseconds (10 to 600000); then the connection is closed.
    #[arg(long, env = "ABACI_HEADER_TIMEOUT_MS", value_name = "MS", default_value = "5000", value_parser = milliseconds(10, 600_000))]
    pub(crate) header_timeout_ms: Duration,
}

/// Limits on one request and one client.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Requests")]
pub(crate) struct RequestArgs {
    /// Maximum size of a request body; a larger one is answered with 413.
    #[arg(long, env = "ABACI_BODY_BYTES", value_name = "SIZE", default_value = "16KiB")]
    pub(crate) body_bytes: ByteSize,

    /// Maximum number of indexes in one batch; more is answered with 422. Each may take 32 bytes of the body.
    #[arg(long, env = "ABACI_BATCH_INDEXES", value_name = "NUMBER", default_value = "10000",
          value_parser = whole(1, 100_000))]
    pub(crate) batch_indexes: u64,

    /// Seconds of work that one address may submit per minute; more is answered with 429. `off` disables
    /// the limit [default: off on a loopback address, otherwise 300].
    #[arg(long, env = "ABACI_RATE", value_name = "SECONDS|off", value_parser = rate)]
    pub(crate) rate: Option<Rate>,

    /// Seconds that the queued work of one address may take; more is answered with 429. `off` disables the limit
    /// [default: off on a loopback address, otherwise 600].
    #[arg(long, env = "ABACI_QUEUED_SECONDS_PER_ADDRESS", value_name = "SECONDS|off", value_parser = rate)]
    pub(crate) queued_seconds_per_address: Option<Rate>,

    /// Seconds that new work may have to wait for all queued work; more is answered with 503, except for work
    /// below 10 ms. Work above a second may take nine tenths of it. `off` disables the limit.
    #[arg(long, env = "ABACI_QUEUED_SECONDS", value_name = "SECONDS|off", default_value = "3600", value_parser = rate)]
    pub(crate) queued_seconds: Rate,
}

impl RequestArgs {
    /// Returns the seconds of work per minute and address.
    pub(crate) fn rate_at(&self, listen: SocketAddr) -> Option<f64> {
        or_beyond_loopback(self.rate, listen, 300.0)
    }

    /// Returns how long the queued work of one address may take.
    pub(crate) fn queued_work_per_address_at(&self, listen: SocketAddr) -> Option<Duration> {
        or_beyond_loopback(self.queued_seconds_per_address, listen, 600.0).map(Duration::from_secs_f64)
    }
}

/// Returns the limit that is set; otherwise the default, wherever others can connect.
fn or_beyond_loopback(set: Option<Rate>, listen: SocketAddr, default: f64) -> Option<f64> {
    match set {
        Some(Rate(limit)) => limit,
        None => (!listen.ip().is_loopback()).then_some(default),
    }
}

/// Limits on calculations.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Largest accepted index, positive or negative; a larger one is answered with 422.
    #[arg(long, env = "ABACI_MAX_INDEX", value_name = "INDEX", default_value = "1000000000",
          value_parser = whole(1, fibonacci::MAX_INDEX))]
    pub(crate) max_index: u64,

    /// Maximum number of unfinished calculations; more is answered with 503.
    #[arg(long, env = "ABACI_MAX_QUEUED", value_name = "NUMBER", default_value = "100000",
          value_parser = whole(1, 10_000_000))]
    pub(crate) max_queued: u64,
}

/// Limits on computing.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Worker")]
pub(crate) struct WorkArgs {
    /// Number of computing threads [default: one per processor].
    #[arg(long, env = "ABACI_WORKER_THREADS", value_name = "NUMBER", value_parser = whole(1, 1_024))]
    pub(crate) worker_threads: Option<u64>,

    /// Total memory for computing. A calculation that needs more than is free waits; one that needs more than
    /// this fails [default: 60 % of the container's limit or of the machine].
    #[arg(long, env = "ABACI_WORKER_MEMORY_BYTES", value_name = "SIZE")]
    pub(crate) worker_memory_bytes: Option<ByteSize>,

    /// Time without a heartbeat after which another worker takes over a calculation, in milliseconds (100 to 60000).
    #[arg(long, env = "ABACI_LEASE_MS", value_name = "MS", default_value = "2000", value_parser = milliseconds(100, 60_000))]
    pub(crate) lease_ms: Duration,
}

impl WorkArgs {
    /// Returns the memory for computing: the setting, or 60 % of the memory limit, or 60 % of 2 GiB where the
    /// system does not report a limit.
    pub(crate) fn memory_bytes(&self) -> NonZeroU64 {
        const ASSUMED_BYTES: u64 = 2 << 30;
        let bytes = match self.worker_memory_bytes {
            Some(ByteSize(bytes)) => bytes,
            None => memory::limit_bytes().unwrap_or(ASSUMED_BYTES) / 10 * 6,
        };
        NonZeroU64::new(bytes).unwrap_or(NonZeroU64::MIN)
    }
}
