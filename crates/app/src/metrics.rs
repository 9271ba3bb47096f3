//! The recorder behind every `metrics` call, and its text for Prometheus.

use std::time::Duration;

use metrics::SetRecorderError;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetricsError {
    /// The recorder could not be made.
    #[error("the recorder of metrics could not be made")]
    Build(#[from] BuildError),
    /// There is one already.
    #[error("metrics are recorded already")]
    Taken(#[from] SetRecorderError<PrometheusRecorder>),
}

/// Seconds, from a cached answer to a long computation: every histogram here is one of durations.
const BUCKETS_SECS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How often the recorder folds what it has gathered, so that unread metrics take no memory.
pub(crate) const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Begins to record. Once in the life of the process.
pub(crate) fn start() -> Result<PrometheusHandle, MetricsError> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS_SECS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    server::describe_metrics();
    api::describe_metrics();
    queue::describe_metrics();
    cache::describe_metrics();
    worker::describe_metrics();
    metrics::describe_gauge!("abaci_build_info", "1, with the version of the program as a label.");
    metrics::gauge!("abaci_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
