//! Who computes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Lane, Subject, Timestamp};

/// A worker's name, unique among those that live at the same time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a worker says of itself, every second or so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Its name.
    pub id: WorkerId,
    /// The version of the program it runs.
    pub version: String,
    /// The lanes it claims from.
    pub lanes: Vec<Lane>,
    /// What it computes at the moment, leaving short work out.
    pub computing: Vec<Subject>,
    /// Jobs it has finished since it started.
    pub finished: u64,
    /// When it said so.
    pub seen_at: Timestamp,
}
