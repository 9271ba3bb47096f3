//! The payload of the queue.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Lane, Subject, Submitter, Timestamp, TraceContext};

/// The newest version of the payload that this program reads. A newer one is left for a newer worker.
pub const JOB_VERSION: u32 = 3;

/// A job for the workers. Everything else about the calculation is in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The subject to compute.
    pub subject: Subject,
    /// The lane chosen at enqueue.
    pub lane: Lane,
    /// Number of the delivery, from 1.
    pub attempt: u32,
    /// Time of the first enqueue, in milliseconds since 1970.
    #[serde(rename = "enqueued_ms")]
    pub enqueued_at: Timestamp,
    /// The trace of the request that submitted it.
    pub traceparent: Option<TraceContext>,
    /// The submitter, if known: the long lane is shared between submitters.
    #[serde(default)]
    pub submitter: Option<Submitter>,
    /// Estimated work, by which the lane is shared.
    #[serde(default)]
    pub work_ms: u64,
}

impl Job {
    /// Returns the version of its payload: that of the oldest workers that know its subject.
    pub const fn version(&self) -> u32 {
        match self.subject {
            Subject::Fibonacci(_) => 1,
            Subject::GoldenRatio(_) => 3,
            _ => 2,
        }
    }

    /// Converts estimated work for [`Job::work_ms`](#structfield.work_ms).
    pub fn work_ms(work: Duration) -> u64 {
        u64::try_from(work.as_millis()).unwrap_or(u64::MAX)
    }
}
