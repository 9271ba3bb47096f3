//! Settings of a worker.

use std::time::Duration;

use model::{Timestamp, WorkerId};

/// Settings of a worker. Only the first four differ between workers in production; tests shorten the times.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The worker's name, unique among running workers.
    pub id: WorkerId,
    /// The version of the program, shown in reports.
    pub version: String,
    /// Cores to use, at least 1. A computation that runs alone uses all of them, several share them.
    pub threads: usize,
    /// Bytes that running computations may reserve together; an eighth is kept for small ones.
    pub memory_bytes: u64,
    /// Length of a claim and a lease without a heartbeat. Default: 2 s.
    pub lease: Duration,
    /// Time between heartbeats; several must fit into a lease. Default: 500 ms.
    pub heartbeat: Duration,
    /// Work estimated above this takes a lease in the store. Default: [`model::LEASED_ABOVE`].
    pub leased_above: Duration,
    /// Work enqueued before this takes a lease however short it is, because an earlier process may have died of it:
    /// the store counts lost leases and fails work that keeps losing them. Default: none.
    pub leased_before: Option<Timestamp>,
    /// Time for which one claim waits for a job. Default: 1 s.
    pub claim_wait: Duration,
    /// The pause after a first error; each further one is four times as long. Default: 1 s.
    pub retry_after: Duration,
    /// Time for which a job waits here for memory before other workers may have it. Default: 10 s.
    pub memory_wait: Duration,
    /// Time for which a computed value is kept while the store is unreachable. Default: 10 min.
    pub complete_timeout: Duration,
    /// Time between two scans of the store for work that the queue lost. Default: 1 s.
    pub sweep_interval: Duration,
    /// Time between two checks of the queue's epoch. Default: 250 ms.
    pub epoch_interval: Duration,
    /// The sweep leaves younger rows to the API that accepted them. Default: 2 s.
    pub sweep_min_age: Duration,
}

impl Settings {
    /// Returns the settings of a worker in production.
    pub fn new(id: WorkerId, version: impl Into<String>, threads: usize, memory_bytes: u64) -> Self {
        Self {
            id,
            version: version.into(),
            threads: threads.max(1),
            memory_bytes,
            lease: Duration::from_secs(2),
            heartbeat: Duration::from_millis(500),
            leased_above: model::LEASED_ABOVE,
            leased_before: None,
            claim_wait: Duration::from_secs(1),
            retry_after: Duration::from_secs(1),
            memory_wait: Duration::from_secs(10),
            complete_timeout: Duration::from_secs(600),
            sweep_interval: Duration::from_secs(1),
            epoch_interval: Duration::from_millis(250),
            sweep_min_age: Duration::from_secs(2),
        }
    }
}
