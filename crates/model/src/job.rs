//! What travels through the queue.

use serde::{Deserialize, Serialize};

use crate::{Lane, Subject, Timestamp, TraceContext};

/// The version of the payload that this program writes. A newer one is left for a newer worker.
pub const JOB_VERSION: u32 = 1;

/// A calculation offered to the workers. Everything else about it is in the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What to compute.
    pub subject: Subject,
    /// The lane chosen when it was offered.
    pub lane: Lane,
    /// Which delivery this is, from 1; retries count up.
    pub attempt: u32,
    /// When it was offered first, in milliseconds since 1970.
    #[serde(rename = "enqueued_ms")]
    pub enqueued_at: Timestamp,
    /// The trace of the request that asked.
    pub traceparent: Option<TraceContext>,
}
