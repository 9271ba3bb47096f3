//! `GET /api/system`

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::{Lane, Timestamp, WorkerReport};
use ports::Ports;
use queue::LaneDepth;
use store::QueueCounts;
use tokio::sync::Mutex;
use wire::{LaneStatus, SystemStatus, WorkerStatus};

use crate::error::ApiError;
use crate::limits::ApiConfig;
use crate::metrics;
use crate::usage::{DigitTotal, RecentStats};

/// The maximum age of a response.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Timeout for each backend query.
const QUERY_TIMEOUT: Duration = Duration::from_millis(500);

/// Watches the whole system. Concurrent requests share one look at the backends.
pub(crate) struct SystemMonitor {
    ports: Ports,
    config: Arc<ApiConfig>,
    recent: Arc<RecentStats>,
    digits: Arc<DigitTotal>,
    latest: Mutex<Option<(Instant, SystemStatus)>>,
}

/// `GET /api/system` returns what waits, which workers run and how fast they are; at most a second old.
#[utoipa::path(
    get,
    path = "/api/system",
    tag = "system",
    responses(
        (status = 200, description = "The state of the system", body = wire::SystemStatus),
        (status = 503, description = "Neither the queue nor the store answers", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn system(State(monitor): State<Arc<SystemMonitor>>) -> Result<Response, ApiError> {
    let status = monitor.status().await?;
    Ok(([(header::CACHE_CONTROL, "max-age=1")], Json(status)).into_response())
}

impl SystemMonitor {
    pub(crate) fn new(ports: Ports, config: Arc<ApiConfig>, recent: Arc<RecentStats>) -> Self {
        let digits = Arc::new(DigitTotal::new(Arc::clone(&ports.store)));
        Self { ports, config, recent, digits, latest: Mutex::default() }
    }

    /// Sets the queue's gauges; to NaN if neither the queue nor the store answers.
    pub(crate) async fn update_gauges(&self) {
        match self.status().await {
            Ok(status) => status.lanes.iter().for_each(metrics::set_lane),
            Err(_) => Lane::ALL.into_iter().for_each(metrics::set_lane_unknown),
        }
    }

    async fn status(&self) -> Result<SystemStatus, ApiError> {
        let mut latest = self.latest.lock().await;
        if let Some((at, status)) = &*latest
            && at.elapsed() < MAX_AGE
        {
            return Ok(status.clone());
        }
        let status = self.query().await?;
        *latest = Some((Instant::now(), status.clone()));
        Ok(status)
    }

    async fn query(&self) -> Result<SystemStatus, ApiError> {
        let (depth, waiting, workers, backlog, digits) = tokio::join!(
            tokio::time::timeout(QUERY_TIMEOUT, self.ports.queue.depth()),
            tokio::time::timeout(QUERY_TIMEOUT, self.ports.queue.waiting(LaneStatus::MAX_NEXT)),
            tokio::time::timeout(QUERY_TIMEOUT, self.ports.queue.workers()),
            tokio::time::timeout(QUERY_TIMEOUT, self.ports.store.backlog()),
            self.digits.get(),
        );
        let now = self.ports.clock.now();
        // The queue has a cancelled calculation until a worker takes it, and the store knows better.
        let depth = depth.ok().and_then(Result::ok);
        let mut lanes = match (backlog, depth) {
            (Ok(Ok(backlog)), depth) => lanes_from_store(&backlog, depth.as_ref(), now),
            (_, Some(depth)) => lanes_from_queue(&depth),
            (Ok(Err(error)), None) => return Err(error.into()),
            (Err(timeout), None) => return Err(ApiError::Unavailable(timeout.into())),
        };
        let waiting = waiting.ok().and_then(Result::ok).unwrap_or_default();
        for (lane, subjects) in lanes.iter_mut().zip(&waiting) {
            lane.next = subjects.iter().map(ToString::to_string).collect();
        }
        let workers = workers.ok().and_then(Result::ok).unwrap_or_default();
        let last_minute = self.recent.last_minute(Instant::now());
        let ms = |latency: Duration| latency.as_secs_f64() * 1_000.0;
        Ok(SystemStatus {
            version: self.config.version.to_owned(),
            mode: self.config.mode.to_owned(),
            at: now.to_string(),
            lanes,
            workers: workers.iter().map(worker_status).collect(),
            accepted_per_s: last_minute.accepted_per_s,
            finished_per_s: last_minute.finished_per_s,
            latency_p50_ms: last_minute.latency_p50.map(ms),
            latency_p99_ms: last_minute.latency_p99.map(ms),
            digits_computed: digits,
            max_index: self.config.max_index.to_string(),
        })
    }
}

fn lanes_from_queue(depth: &[LaneDepth; 3]) -> Vec<LaneStatus> {
    let status = |(lane, depth): (Lane, &LaneDepth)| LaneStatus {
        lane: lane.to_string(),
        waiting: depth.waiting,
        claimed: depth.claimed,
        oldest_age_ms: depth.oldest_age.map(whole_ms),
        next: Vec::new(),
    };
    Lane::ALL.into_iter().zip(depth).map(status).collect()
}

/// The queue, if it answers, counts what is claimed: the store calls short work queued until it is done.
fn lanes_from_store(backlog: &QueueCounts, depth: Option<&[LaneDepth; 3]>, now: Timestamp) -> Vec<LaneStatus> {
    let status = |(i, lane): (usize, Lane)| {
        let running = backlog.running[i];
        let claimed = depth.map_or(running, |depth| depth[i].claimed);
        LaneStatus {
            lane: lane.to_string(),
            waiting: backlog.queued[i].saturating_sub(claimed.saturating_sub(running)),
            claimed,
            oldest_age_ms: backlog.oldest_queued_at[i].map(|queued_at| whole_ms(now.since(queued_at))),
            next: Vec::new(),
        }
    };
    Lane::ALL.into_iter().enumerate().map(status).collect()
}

fn whole_ms(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

fn worker_status(report: &WorkerReport) -> WorkerStatus {
    WorkerStatus {
        id: report.id.to_string(),
        version: report.version.clone(),
        lanes: report.lanes.iter().map(ToString::to_string).collect(),
        computing: report.computing.iter().map(ToString::to_string).collect(),
        finished: report.finished,
    }
}
