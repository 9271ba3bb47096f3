//! The internal port: `/healthz`, `/readyz`, `/metrics`. For operators, never for the public.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::client::ApiClient;
use api::ApiState;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use model::{Index, Subject};
use worker::Worker;

use crate::backends::Backends;

/// What the internal port tells of.
#[derive(Clone)]
pub(crate) struct Internal {
    pub(crate) metrics: PrometheusHandle,
    /// What of the process there is to look at.
    pub(crate) checks: Arc<[Check]>,
}

/// Something that can be looked at.
pub(crate) enum Check {
    /// Whether requests can be served.
    Api { api: ApiState, ports: ports::Ports },
    /// Whether jobs are taken.
    Worker {
        worker: Worker,
        ports: ports::Ports,
        /// When it began to work.
        started: Instant,
        /// So long it counts as ready without having taken a job yet.
        beginning: Duration,
    },
    /// Whether the API answers the pages.
    Pages(ApiClient),
}

/// Why a part of the process is not ready, for whoever asks.
type Reason = &'static str;

/// The routes of the internal port.
pub(crate) fn router(internal: Internal) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(internal)
}

/// The first claims may take so long.
const BEGINNING: Duration = Duration::from_secs(10);
/// What does not answer within this is out of reach.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /healthz` tells whether the process does any good, or should be started again.
///
/// 200 it does, or waits for others · 503 a worker that takes no jobs although the queue has answers
async fn alive(State(internal): State<Internal>) -> (StatusCode, String) {
    for check in internal.checks.iter() {
        if let Err(reason) = check.alive().await {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"));
        }
    }
    (StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz` tells whether requests, or jobs, should be sent here; what is amiss stands in the body.
///
/// 200 ready, if less well than could be · 503 the record out of reach, the worker takes no jobs, or the pages
/// do not reach the API
async fn ready(State(internal): State<Internal>) -> (StatusCode, String) {
    let (mut status, mut body) = (StatusCode::OK, "ready\n".to_owned());
    for check in internal.checks.iter() {
        match check.ready().await {
            Ok(shortcomings) => {
                for shortcoming in shortcomings {
                    body.push_str(shortcoming);
                    body.push('\n');
                }
            }
            Err(reason) => {
                if status == StatusCode::OK {
                    (status, body) = (StatusCode::SERVICE_UNAVAILABLE, String::new());
                }
                body.push_str(reason);
                body.push('\n');
            }
        }
    }
    (status, body)
}

/// `GET /metrics` in the text form of Prometheus.
async fn metrics(State(internal): State<Internal>) -> impl IntoResponse {
    for check in internal.checks.iter() {
        if let Check::Api { api, .. } = check {
            api::measure(api).await;
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], internal.metrics.render())
}

impl Check {
    pub(crate) fn api(api: &ApiState, backends: &Backends) -> Self {
        Self::Api { api: api.clone(), ports: backends.ports.clone() }
    }

    /// A worker that is ready when it takes jobs.
    #[cfg(feature = "distributed")]
    pub(crate) fn worker(worker: &Worker, backends: &Backends) -> Self {
        let (worker, ports) = (worker.clone(), backends.ports.clone());
        Self::Worker { worker, ports, started: Instant::now(), beginning: Duration::ZERO }
    }

    /// A worker beside an API: what that accepts in the beginning waits for nothing else.
    pub(crate) fn worker_beside(worker: &Worker, backends: &Backends) -> Self {
        let (worker, ports) = (worker.clone(), backends.ports.clone());
        Self::Worker { worker, ports, started: Instant::now(), beginning: BEGINNING }
    }

    async fn alive(&self) -> Result<(), Reason> {
        match self {
            Self::Worker { worker, ports, started, .. } => {
                let fine = started.elapsed() < BEGINNING || worker.is_consuming();
                // Another process would find no jobs either.
                if fine || !queue_answers(ports).await { Ok(()) } else { Err("the worker takes no jobs") }
            }
            Self::Api { .. } | Self::Pages(_) => Ok(()),
        }
    }

    /// What is not as it should be, though good enough.
    async fn ready(&self) -> Result<Vec<Reason>, Reason> {
        match self {
            Self::Worker { worker, ports, started, beginning } => {
                if started.elapsed() >= *beginning && !worker.is_consuming() {
                    return Err("the worker takes no jobs");
                }
                if !matches!(tokio::time::timeout(PATIENCE, ports.store.ping()).await, Ok(Ok(()))) {
                    return Err("the worker can record nothing: the record is out of reach");
                }
                Ok(Vec::new())
            }
            Self::Api { api, ports } => {
                api::ready(api).await.map_err(|error| {
                    warn(&error);
                    "the api is not ready: the record or the announcements are out of reach"
                })?;
                let (queue, cache) = tokio::join!(queue_answers(ports), cache_answers(ports));
                let mut shortcomings = Vec::new();
                if !queue {
                    shortcomings.push("degraded: the queue is out of reach, what is accepted waits in the record");
                }
                if !cache {
                    shortcomings.push("degraded: the cache is out of reach, the record answers everything");
                }
                Ok(shortcomings)
            }
            Self::Pages(api) => match api.check().await {
                Ok(()) => Ok(Vec::new()),
                Err(error) => {
                    warn(&error);
                    Err("the pages do not reach the api")
                }
            },
        }
    }
}

async fn queue_answers(ports: &ports::Ports) -> bool {
    let subject = Subject::from(Index::new(0));
    matches!(tokio::time::timeout(PATIENCE, ports.queue.contains(&subject)).await, Ok(Ok(_)))
}

async fn cache_answers(ports: &ports::Ports) -> bool {
    let subject = Subject::from(Index::new(0));
    matches!(tokio::time::timeout(PATIENCE, ports.cache.get(&subject)).await, Ok(Ok(_)))
}

fn warn(error: &(dyn Error + 'static)) {
    tracing::warn!(error, "not ready");
}
