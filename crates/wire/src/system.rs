//! The state of the system, at most a second old.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/system`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = System))]
pub struct SystemStatus {
    /// The version of the program that answers.
    pub version: String,
    /// `embedded` or `distributed`.
    pub mode: String,
    /// When the system was queried, RFC 3339.
    pub at: String,
    /// The lanes, shortest work first.
    pub lanes: Vec<LaneStatus>,
    /// The workers that are alive.
    pub workers: Vec<WorkerStatus>,
    /// Calculations accepted per second, over the last minute, by the process that responds.
    pub accepted_per_s: f64,
    /// Calculations finished per second, over the last minute, as seen by the same process.
    pub finished_per_s: f64,
    /// Median time from acceptance to value over the last minute; `null` if there was none.
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the same.
    pub latency_p99_ms: Option<f64>,
    /// The sum of the digits of all values that were computed, evicted ones included; a second old, or 100 times as old as
    /// the sum took. `null` until it is known.
    #[serde(default)]
    pub digits_computed: Option<u64>,
    /// The largest |index| that is accepted.
    pub max_index: String,
}

/// One lane of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaneStatus {
    /// `short`, `medium` or `long`.
    pub lane: String,
    /// Queued calculations.
    pub waiting: u64,
    /// Calculations claimed by workers.
    pub claimed: u64,
    /// Age of the oldest queued calculation, in milliseconds; `null` if there is none.
    pub oldest_age_ms: Option<u64>,
    /// The first 100 that wait for a worker, in the order in which they will be computed if no other is submitted: long
    /// work is shared between addresses. Includes cancelled ones until a worker drops them. Empty while the queue does not
    /// answer.
    #[serde(default)]
    pub next: Vec<String>,
}

impl LaneStatus {
    /// The most calculations in `next`.
    pub const MAX_NEXT: usize = 100;
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerStatus {
    /// Its unique name.
    pub id: String,
    /// The version of the program it runs.
    pub version: String,
    /// The lanes it claims from.
    pub lanes: Vec<String>,
    /// The subjects it is computing, without short work.
    pub computing: Vec<String>,
    /// Jobs it has finished since it started.
    pub finished: u64,
}
