//! Workers and their reports.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Lane, Subject, Timestamp};

/// A worker's name, unique among all that run at the same time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The report that a worker publishes about every second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// The name.
    pub id: WorkerId,
    /// The version of its program.
    pub version: String,
    /// The lanes it claims from.
    pub lanes: Vec<Lane>,
    /// The subjects it computes at the moment, without short work.
    pub computing: Vec<Subject>,
    /// Number of jobs finished since its start.
    pub finished: u64,
    /// The most bytes that it can reserve for one computation. Unknown for versions that do not report it.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Time of the report.
    pub seen_at: Timestamp,
}
