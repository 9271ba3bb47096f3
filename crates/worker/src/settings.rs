//! What a worker may use and how patient it is.

use std::time::Duration;

use model::{Timestamp, WorkerId};

/// What a worker may use and how patient it is. The program's entry fills it in; tests shorten it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The worker's name, unique among those that live at the same time.
    pub id: WorkerId,
    /// The version of the program, told to others.
    pub version: String,
    /// Cores to use, at least 1. `long` work gets all but one of them (and one of one).
    pub threads: usize,
    /// Bytes that running computations may hold together; an eighth of it is kept for small ones.
    pub memory_bytes: u64,
    /// How long a claim and a lease are good for without a heartbeat.
    pub lease: Duration,
    /// Time between heartbeats; a few must fit into a lease.
    pub heartbeat: Duration,
    /// Work estimated above this takes a lease in the store.
    pub leased_above: Duration,
    /// Work offered before this takes a lease however short it is, since it may be what an earlier life of this
    /// process died of: the record counts the leases that are lost, and gives up what goes on costing them.
    pub leased_before: Option<Timestamp>,
    /// How long one claim waits for a job.
    pub claim_wait: Duration,
    /// The pause after a first error; each further one is four times as long.
    pub retry_after: Duration,
    /// How long a job waits here for memory before other workers may have it.
    pub memory_wait: Duration,
    /// How long a computed value is kept while the store is out of reach.
    pub record_patience: Duration,
    /// Time between two looks at the record for work that the queue does not hold.
    pub sweep_every: Duration,
    /// Time between two looks whether the queue was emptied.
    pub epoch_every: Duration,
    /// Rows asked for more recently than this are left to whoever accepted them, in the regular sweep.
    pub sweep_spares: Duration,
}

impl Settings {
    /// The settings of production for a worker of that name.
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
            record_patience: Duration::from_secs(600),
            sweep_every: Duration::from_secs(1),
            epoch_every: Duration::from_millis(250),
            sweep_spares: Duration::from_secs(2),
        }
    }
}
