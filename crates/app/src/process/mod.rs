//! The process of a role: logs, metrics, a runtime, listeners, signals and a graceful shutdown.

mod panics;
pub(crate) mod signals;
mod task_set;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use server::ServerLimits;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::{ConnectionArgs, LogArgs, PublicUrlArgs};
use crate::observability::logs;
use crate::observability::metrics::{self, MetricsError, UPKEEP_INTERVAL};
use crate::observability::traces::{TraceExport, TraceExportError};

use signals::StopSignals;
use task_set::{TaskEnded, TaskSet};

/// Maximum time for responses and jobs in progress after a stop signal.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Additional time to cut off what is still open after that.
const CUT_OFF_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum time for the store to close, after which the process ends anyway.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The process of a role, from its start to its shutdown.
pub(crate) struct Service {
    /// The Prometheus text of the metrics.
    pub(crate) metrics: PrometheusHandle,
    /// Cancelled at the start of the shutdown.
    pub(crate) stopping: CancellationToken,
    tasks: TaskSet,
    signals: StopSignals,
}

/// Error that prevents or ends the process of a role.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// An address cannot be listened on.
    #[error("{variable}: cannot listen on {address}")]
    Listen {
        /// The setting.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// Logging failed to start.
    #[error("cannot write logs")]
    Logs(#[from] tracing_subscriber::util::TryInitError),
    /// The endpoint for traces is malformed: set another one, or none.
    #[error(transparent)]
    Traces(#[from] TraceExportError),
    /// Metrics failed to start.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The system refused a thread, a signal handler or the like.
    #[error("cannot start the process")]
    Start(#[from] io::Error),
    /// A task that runs for the life of the process ended by itself: a bug, described in the log.
    #[error(transparent)]
    Task(#[from] TaskEnded),
}

impl ServiceError {
    /// Returns whether a setting must be changed.
    pub(crate) const fn is_wrong_setting(&self) -> bool {
        matches!(self, Self::Traces(_))
    }
}

impl Service {
    /// Runs a role to its end. `name` is the service name of its traces.
    pub(crate) fn run<E: From<ServiceError>>(
        name: &'static str,
        args: &LogArgs,
        role: impl AsyncFnOnce(Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let (traces, metrics) = start_observability(name, args)?;
        // Computing has its own threads; these two only do input and output.
        // Under load they look for new requests after every few tasks: by default after 61, which take 30 ms if each
        // sends a block of a value.
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).event_interval(7).enable_all().build();
        let runtime = runtime.map_err(ServiceError::from)?;
        let result = runtime.block_on(async {
            // Before this point a signal ends the process at once.
            let signals = StopSignals::listen().map_err(ServiceError::from)?;
            let stopping = CancellationToken::new();
            let mut service = Self { metrics, tasks: TaskSet::new(stopping.clone()), stopping, signals };
            service.spawn("the metrics upkeep", upkeep(service.metrics.clone(), service.stopping.clone()));
            role(service).await
        });
        // A computation that has not noticed its cancellation yet must not keep the process alive.
        runtime.shutdown_background();
        // Blocks until the last spans are sent.
        drop(traces);
        result
    }

    /// Starts a task that ends when [`stopping`](Self::stopping) is cancelled, and not before.
    pub(crate) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(name, task);
    }

    /// Starts serving HTTP on a listener.
    pub(crate) fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router, limits: ServerLimits) {
        let stopping = self.stopping.clone().cancelled_owned();
        self.spawn(name, async move {
            if let Err(error) = server::run(listener, router, limits, stopping).await {
                tracing::error!(%error, "{name} failed");
            }
        });
    }

    /// Runs until a stop signal, then shuts all tasks down gracefully and awaits `close`.
    pub(crate) async fn run_until_stopped(self, close: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let result = self.tasks.run_until_stopped(self.signals, DRAIN_TIMEOUT + CUT_OFF_TIMEOUT).await;
        if tokio::time::timeout(CLOSE_TIMEOUT, close).await.is_err() {
            // Everything accepted is on disk already.
            tracing::warn!("the store was not closed within {CLOSE_TIMEOUT:?}");
        }
        Ok(result?)
    }
}

fn start_observability(name: &'static str, args: &LogArgs) -> Result<(TraceExport, PrometheusHandle), ServiceError> {
    let traces = TraceExport::start(&args.traces, name)?;
    logs::start(&args.log, &traces)?;
    panics::log_panics();
    Ok((traces, metrics::start()?))
}

/// Binds the address of a setting.
pub(crate) async fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, ServiceError> {
    server::listen(address).map_err(|source| ServiceError::Listen { variable, address, source })
}

/// Returns the limits of a listener at an address.
pub(crate) fn serve_limits(
    connections: &ConnectionArgs,
    listen: SocketAddr,
    public: &PublicUrlArgs,
    trusted_proxies: &[IpNet],
) -> ServerLimits {
    ServerLimits {
        known_hosts: public.known_hosts(listen),
        is_behind_tls: public.is_behind_tls(),
        trusted_proxies: trusted_proxies.to_vec(),
        connections: usize::try_from(connections.connections).unwrap_or(usize::MAX),
        header_timeout: connections.header_timeout_ms,
        drain: DRAIN_TIMEOUT,
        ..ServerLimits::default()
    }
}

/// Returns the limits of the internal listener of a role without a public one.
#[cfg(feature = "distributed")]
pub(crate) fn internal_limits() -> ServerLimits {
    ServerLimits { drain: DRAIN_TIMEOUT, ..ServerLimits::default() }
}

/// Prints the addresses of the process on standard output.
pub(crate) fn print_addresses(public: Option<(&str, &str)>, internal: SocketAddr) {
    let public = public.map(|(subject, url)| format!("{subject} at {url}\n")).unwrap_or_default();
    // Without a standard output, both are in the log.
    let _ = writeln!(io::stdout(), "{public}Health and metrics are at http://{internal}");
}

async fn upkeep(metrics: PrometheusHandle, stopping: CancellationToken) {
    let mut ticks = interval(UPKEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => metrics.run_upkeep(),
            () = stopping.cancelled() => return,
        }
    }
}
