//! Settings of the API.

use std::time::Duration;

use http::Uri;
use ipnet::IpNet;

/// Settings of the API. `None` means no limit; the defaults are in [`ApiConfig::default`].
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// The largest |index|. Default: 10⁹.
    pub max_index: u64,
    /// Bytes of a request body. Default: 16 KiB.
    pub body_bytes: usize,
    /// Indexes of one batch. Default: 10,000.
    pub batch_indexes: usize,
    /// Batches being answered at a time, in all and per address. Default: 32 and 8.
    pub batches: (usize, usize),
    /// Memory in bytes that one computation may take on the largest worker. Default: no limit.
    pub worker_memory_bytes: Option<u64>,
    /// Bytes that one value may take. Default: no limit.
    pub value_bytes: Option<u64>,
    /// Requests that may wait for a value at a time; further ones are answered at once. Default: 1,024.
    pub waiters: usize,
    /// Event streams open at a time, in all and per address. Default: 2,048 and 64.
    pub event_streams: (usize, usize),
    /// Values above 64 KiB being read at a time, in all and per address. Each holds a block of the value in memory.
    /// Default: 128 and 16.
    pub value_readers: (usize, usize),
    /// Lists being read at a time, in all and per address. Default: 512 and 32.
    pub list_readers: (usize, usize),
    /// Free bytes that the disk of values must keep beyond a new value. Default: 16 MiB.
    pub disk_reserve_bytes: u64,
    /// Whether pages of other sites may read. Default: yes.
    pub is_public: bool,
    /// Time for which new work above 10 ms may have to wait for all queued work. Default: an hour.
    pub queued_work: Option<Duration>,
    /// Time that the queued work of one address may take. Default: ten minutes.
    pub queued_work_per_address: Option<Duration>,
    /// Calculations that the workers compute at the same time, at least; the number of live workers counts if it is
    /// higher. Default: 1.
    pub parallelism: u32,
    /// Seconds of work that one address may request per minute. Default: no limit.
    pub rate: Option<f64>,
    /// Proxies whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// The address that browsers use, where a proxy changes the `Host` header. Default: none.
    pub public_url: Option<Uri>,
    /// The version of the program, for `/api/system`.
    pub version: &'static str,
    /// `embedded` or `distributed`, for `/api/system`.
    pub mode: &'static str,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            max_index: 1_000_000_000,
            body_bytes: 16 * 1024,
            batch_indexes: 10_000,
            batches: (32, 8),
            worker_memory_bytes: None,
            value_bytes: None,
            waiters: 1_024,
            event_streams: (2_048, 64),
            value_readers: (128, 16),
            list_readers: (512, 32),
            disk_reserve_bytes: 16 << 20,
            is_public: true,
            queued_work: Some(Duration::from_secs(3_600)),
            queued_work_per_address: Some(Duration::from_secs(600)),
            parallelism: 1,
            rate: None,
            trusted_proxies: Vec::new(),
            public_url: None,
            version: env!("CARGO_PKG_VERSION"),
            mode: "embedded",
        }
    }
}

impl ApiConfig {
    /// Bytes of each index of a batch: an index of 20 characters, with quotes, comma and space.
    const BATCH_BYTES_PER_INDEX: usize = 32;

    /// Returns the limit of the body of a batch.
    pub(crate) fn batch_bytes(&self) -> usize {
        self.batch_indexes.saturating_mul(Self::BATCH_BYTES_PER_INDEX).max(self.body_bytes)
    }
}
