//! The times of some computations done here, for the chart of times. They are read again after a while, for all pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Index;
use tokio::sync::Mutex;
use wire::CalculationBody;

use crate::ApiClient;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::MeasuredTime;

const MAX_AGE: Duration = Duration::from_secs(5);
/// 1, 2 and 5 times the powers of ten, as people type them; shorter computations take less than a millisecond.
const SHOWN: [i64; 15] = [
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
];

/// What was read last.
#[derive(Clone, Default)]
pub(crate) struct MeasuredTimes(Arc<Mutex<Option<ReadTimes>>>);

struct ReadTimes {
    at: Instant,
    times: Vec<MeasuredTime>,
}

impl MeasuredTimes {
    /// Returns the times, a few seconds old at most; none if they cannot be read.
    pub(crate) async fn get(&self, api: &ApiClient, forwarded: &ForwardedHeaders) -> Vec<MeasuredTime> {
        let mut latest = self.0.lock().await;
        if let Some(read) = &*latest
            && read.at.elapsed() < MAX_AGE
        {
            return read.times.clone();
        }
        let times = match api.calculations(&SHOWN.map(|n| Index::new(n).into()), forwarded).await {
            Ok(list) => list.items.iter().filter_map(measured_time).collect(),
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "cannot read the times of computations");
                Vec::new()
            }
        };
        latest.insert(ReadTimes { at: Instant::now(), times }).times.clone()
    }
}

/// Returns the time of a calculation that is done.
pub(crate) fn measured_time(calculation: &CalculationBody) -> Option<MeasuredTime> {
    let n = calculation.index.trim_start_matches('-').parse().ok()?;
    Some(MeasuredTime { n, ms: calculation.compute_ms? })
}
