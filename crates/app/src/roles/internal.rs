//! The internal routes for operators: `/healthz`, `/readyz`, `/metrics`, and the queue where there is one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use ports::Ports;

use super::health::Check;
use super::operator_queue::operator_queue;

/// The state behind the internal routes.
#[derive(Clone)]
struct InternalState {
    metrics: PrometheusHandle,
    checks: Arc<[Check]>,
}

/// Returns the internal routes of a role with a queue. `listen` is the address that they are served on.
pub(crate) fn internal_router_with_queue(
    metrics: PrometheusHandle,
    checks: Vec<Check>,
    ports: Ports,
    listen: SocketAddr,
) -> Router {
    internal_router(metrics, checks).merge(operator_queue(ports, listen))
}

/// Returns the internal routes that every role has.
pub(crate) fn internal_router(metrics: PrometheusHandle, checks: Vec<Check>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(InternalState { metrics, checks: checks.into() })
}

/// `GET /healthz` returns whether the process works or should be restarted.
///
/// 200 it works, or waits for a backend · 503 a worker claims no jobs although the queue responds
async fn alive(State(state): State<InternalState>) -> (StatusCode, String) {
    for check in state.checks.iter() {
        if let Err(reason) = check.alive().await {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"));
        }
    }
    (StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz` returns whether the process can take requests or jobs; the body lists the reasons if not.
///
/// 200 ready, possibly degraded · 503 the store is unavailable, the worker claims no jobs, or the pages cannot
/// reach the API
async fn ready(State(state): State<InternalState>) -> (StatusCode, String) {
    let (mut status, mut body) = (StatusCode::OK, "ready\n".to_owned());
    for check in state.checks.iter() {
        match check.ready().await {
            Ok(degraded) => {
                for reason in degraded {
                    body.push_str(reason);
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

/// `GET /metrics` returns the metrics in Prometheus's text format.
async fn scrape(State(state): State<InternalState>) -> impl IntoResponse {
    for check in state.checks.iter() {
        if let Check::Api { api, .. } = check {
            api.update_gauges().await;
        }
    }
    Collector::default().collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render())
}
