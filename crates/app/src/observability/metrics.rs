//! The metrics recorder and its Prometheus text.

use std::time::Duration;

use metrics::SetRecorderError;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;

/// Error for metrics that cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetricsError {
    /// The recorder was not created.
    #[error("cannot create the metrics recorder")]
    Build(#[from] BuildError),
    /// A recorder is installed already.
    #[error("a metrics recorder is installed already")]
    AlreadyInstalled(#[from] SetRecorderError<PrometheusRecorder>),
}

/// Buckets in seconds, from a cached response to a long computation: every histogram measures durations.
const BUCKETS_SECS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Interval at which the recorder compacts its samples, so that metrics that nobody scrapes use no memory.
pub(crate) const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Starts recording. Call it once per process.
pub(crate) fn start() -> Result<PrometheusHandle, MetricsError> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS_SECS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    server::describe_metrics();
    api::describe_metrics();
    queue::describe_metrics();
    cache::describe_metrics();
    worker::describe_metrics();
    Collector::default().describe();
    metrics::describe_gauge!("abaci_build_info", "Always 1; the label is the version of the program.");
    metrics::gauge!("abaci_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
