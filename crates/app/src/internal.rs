//! The internal port: `/healthz`, `/readyz`, `/metrics`. For operators, never for the public.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use store::Store;
use tokio_util::sync::CancellationToken;

/// What the internal port tells of.
#[derive(Clone)]
pub(crate) struct Internal {
    pub(crate) metrics: PrometheusHandle,
    pub(crate) store: Arc<dyn Store>,
    /// Cancelled once the process has been asked to stop.
    pub(crate) stopping: CancellationToken,
}

/// The routes of the internal port.
pub(crate) fn router(internal: Internal) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(internal)
}

/// A record that takes longer than this to answer is of no use to a request either.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /readyz` tells whether requests should be sent here.
///
/// 200 ready · 503 stopping, or the record does not answer
async fn ready(State(internal): State<Internal>) -> (StatusCode, &'static str) {
    if internal.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(PATIENCE, internal.store.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready: the record cannot be reached");
            (StatusCode::SERVICE_UNAVAILABLE, "the record cannot be reached\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the record does not answer\n"),
    }
}

/// `GET /metrics` in the text form of Prometheus.
async fn metrics(State(internal): State<Internal>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], internal.metrics.render())
}
