//! `GET /api/system`

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::{Lane, Timestamp, WorkerReport};
use queue::LaneDepth;
use store::QueueCounts;
use tokio::sync::Mutex;
use wire::{LaneStatus, SystemStatus, WorkerStatus};

use crate::error::ApiError;
use crate::metrics;
use crate::state::ApiState;

/// The oldest that an answer may be.
const MAX_AGE: Duration = Duration::from_secs(1);
/// What does not answer within this is out of reach.
const PATIENCE: Duration = Duration::from_millis(500);

/// The latest look at the system. Whoever comes while it is being looked at waits for that look.
#[derive(Default)]
pub(crate) struct SystemView(Mutex<Option<(Instant, SystemStatus)>>);

/// `GET /api/system` tells what waits, who works and how fast it goes; at most a second old.
#[utoipa::path(
    get,
    path = "/api/system",
    tag = "system",
    responses(
        (status = 200, description = "The state of the system", body = wire::SystemStatus),
        (status = 503, description = "Neither queue nor record can be reached", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn system(State(state): State<ApiState>) -> Result<Response, ApiError> {
    let system = recent(&state).await?;
    Ok(([(header::CACHE_CONTROL, "max-age=1")], Json(system)).into_response())
}

/// Puts into the gauges what waits in each lane and for how long, as everybody sees it at most a second ago.
/// Where neither queue nor record can be reached they are not a number, rather than what was true before.
pub async fn measure(state: &ApiState) {
    match recent(state).await {
        Ok(system) => system.lanes.iter().for_each(metrics::lane),
        Err(_) => Lane::ALL.into_iter().for_each(metrics::lane_unknown),
    }
}

async fn recent(state: &ApiState) -> Result<SystemStatus, ApiError> {
    let mut view = state.system.0.lock().await;
    if let Some((at, system)) = &*view
        && at.elapsed() < MAX_AGE
    {
        return Ok(system.clone());
    }
    let system = look(state).await?;
    *view = Some((Instant::now(), system.clone()));
    Ok(system)
}

async fn look(state: &ApiState) -> Result<SystemStatus, ApiError> {
    let ports = &state.ports;
    let (depth, workers, backlog) = tokio::join!(
        tokio::time::timeout(PATIENCE, ports.queue.depth()),
        tokio::time::timeout(PATIENCE, ports.queue.workers()),
        tokio::time::timeout(PATIENCE, ports.store.backlog()),
    );
    let now = ports.clock.now();
    let lanes = match (depth, backlog) {
        (Ok(Ok(depth)), _) => from_queue(&depth),
        (_, Ok(Ok(backlog))) => from_record(&backlog, now),
        (_, Ok(Err(error))) => return Err(error.into()),
        (_, Err(late)) => return Err(ApiError::Unavailable(late.into())),
    };
    let workers = workers.ok().and_then(Result::ok).unwrap_or_default();
    let figures = state.rates.last_minute(Instant::now());
    let ms = |latency: Duration| latency.as_secs_f64() * 1_000.0;
    Ok(SystemStatus {
        version: state.limits.version.to_owned(),
        mode: state.limits.mode.to_owned(),
        at: now.to_string(),
        lanes,
        workers: workers.iter().map(worker).collect(),
        accepted_per_s: figures.accepted_per_s,
        finished_per_s: figures.finished_per_s,
        latency_p50_ms: figures.latency_p50.map(ms),
        latency_p99_ms: figures.latency_p99.map(ms),
        max_index: state.limits.max_index.to_string(),
    })
}

fn from_queue(depth: &[LaneDepth; 3]) -> Vec<LaneStatus> {
    let status = |(lane, depth): (Lane, &LaneDepth)| LaneStatus {
        lane: lane.to_string(),
        waiting: depth.waiting,
        claimed: depth.claimed,
        oldest_age_ms: depth.oldest_age.map(whole_ms),
    };
    Lane::ALL.into_iter().zip(depth).map(status).collect()
}

fn from_record(backlog: &QueueCounts, now: Timestamp) -> Vec<LaneStatus> {
    let status = |(place, lane): (usize, Lane)| LaneStatus {
        lane: lane.to_string(),
        waiting: backlog.queued[place],
        claimed: backlog.running[place],
        oldest_age_ms: backlog.oldest_queued_at[place].map(|queued_at| whole_ms(now.since(queued_at))),
    };
    Lane::ALL.into_iter().enumerate().map(status).collect()
}

fn whole_ms(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

fn worker(report: &WorkerReport) -> WorkerStatus {
    WorkerStatus {
        id: report.id.to_string(),
        version: report.version.clone(),
        lanes: report.lanes.iter().map(ToString::to_string).collect(),
        computing: report.computing.iter().map(ToString::to_string).collect(),
        finished: report.finished,
    }
}
