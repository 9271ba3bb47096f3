//! The state of the system, at most a second old.

use serde::{Deserialize, Serialize};

/// The answer to `GET /api/system`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = System))]
pub struct SystemStatus {
    /// The version of the program that answers.
    pub version: String,
    /// `embedded` or `distributed`.
    pub mode: String,
    /// When this was looked at, RFC 3339.
    pub at: String,
    /// The lanes, shortest work first.
    pub lanes: Vec<LaneStatus>,
    /// The workers that live.
    pub workers: Vec<WorkerStatus>,
    /// Calculations accepted per second, over the last minute, by the process that answers.
    pub accepted_per_s: f64,
    /// Calculations finished per second, over the last minute, as this process heard of them.
    pub finished_per_s: f64,
    /// Median time from acceptance to value over the last minute; `null` if there was none.
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the same.
    pub latency_p99_ms: Option<f64>,
    /// The largest |index| that is accepted.
    pub max_index: String,
}

/// One lane of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaneStatus {
    /// `short`, `medium` or `long`.
    pub lane: String,
    /// Calculations that wait.
    pub waiting: u64,
    /// Calculations in workers' hands.
    pub claimed: u64,
    /// How long the longest has waited; `null` if none waits.
    pub oldest_age_ms: Option<u64>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerStatus {
    /// Its name.
    pub id: String,
    /// The version of the program it runs.
    pub version: String,
    /// The lanes it claims from.
    pub lanes: Vec<String>,
    /// What it computes, short work left out.
    pub computing: Vec<String>,
    /// Jobs it has finished since it started.
    pub finished: u64,
}
