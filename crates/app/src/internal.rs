//! The internal port: `/healthz`, `/readyz`, `/metrics`. For operators, never for the public.

use std::time::{Duration, Instant};

use api::ApiState;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use worker::Worker;

/// What the internal port tells of.
#[derive(Clone)]
pub(crate) struct Internal {
    pub(crate) metrics: PrometheusHandle,
    pub(crate) api: ApiState,
    pub(crate) worker: Worker,
    /// When the process began to work.
    pub(crate) started: Instant,
}

/// The routes of the internal port.
pub(crate) fn router(internal: Internal) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(internal)
}

/// The first claims may take so long; what is accepted meanwhile waits for nothing else.
const BEGINNING: Duration = Duration::from_secs(10);

/// `GET /readyz` tells whether requests should be sent here.
///
/// 200 ready · 503 the record or the announcements out of reach, or the worker takes no jobs
async fn ready(State(internal): State<Internal>) -> (StatusCode, &'static str) {
    if internal.started.elapsed() > BEGINNING && !internal.worker.is_consuming() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the worker takes no jobs\n");
    }
    match api::ready(&internal.api).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the api is not ready\n")
        }
    }
}

/// `GET /metrics` in the text form of Prometheus.
async fn metrics(State(internal): State<Internal>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], internal.metrics.render())
}
