//! What every role is as a process: logs and metrics, a runtime, listeners, signals and an orderly end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use server::ServerLimits;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::{Connections, Logs};
use crate::metrics::UPKEEP_EVERY;
use crate::parts::Parts;
use crate::role::RoleError;
use crate::signals::StopSignals;
use crate::traces::Traces;
use crate::{logs, metrics, panics};

/// Time that answers and jobs under way have when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(8);
/// Time that it takes to cut off what is open after that.
const CUT: Duration = Duration::from_millis(500);
/// Time that is left for the record to close, after which the process ends anyway.
const CLOSE: Duration = Duration::from_secs(2);

/// A role's process, from its first setting to its last connection.
pub(crate) struct Process {
    /// The recorder's text.
    pub(crate) metrics: PrometheusHandle,
    /// Cancelled when everything is to stop.
    pub(crate) stopping: CancellationToken,
    parts: Parts,
    signals: StopSignals,
}

impl Process {
    /// Runs a role to its end. Its traces are those of `service`.
    pub(crate) fn run(
        service: &'static str,
        logs: &Logs,
        role: impl AsyncFnOnce(Self) -> Result<(), RoleError>,
    ) -> Result<(), RoleError> {
        let traces = Traces::begin(&logs.traces, service)?;
        logs::start(&logs.log, &traces)?;
        panics::log_panics();
        let metrics = metrics::start()?;
        // Computing has threads of its own; these two only answer and pass on.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let result = runtime.block_on(async {
            // From here on a signal asks for an orderly end; before, it simply ends the process.
            let signals = StopSignals::listen()?;
            let stopping = CancellationToken::new();
            let mut process = Self { metrics, parts: Parts::new(stopping.clone()), stopping, signals };
            process.start("the upkeep of metrics", upkeep(process.metrics.clone(), process.stopping.clone()));
            role(process).await
        });
        // A computation that has not noticed yet that it is to stop must not keep the process alive.
        runtime.shutdown_background();
        // Sends what is left, and blocks meanwhile.
        drop(traces);
        result
    }

    /// Starts a part that ends when [`stopping`](Self::stopping) is cancelled, and not before.
    pub(crate) fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.parts.start(name, part);
    }

    /// Starts answering at an address.
    pub(crate) fn answer(&mut self, name: &'static str, listener: TcpListener, router: Router, limits: ServerLimits) {
        let stopping = self.stopping.clone().cancelled_owned();
        self.start(name, async move {
            if let Err(error) = server::run(listener, router, limits, stopping).await {
                tracing::error!(%error, "a listener failed");
            }
        });
    }

    /// Works until asked to stop, then stops all parts in order and closes what `close` closes.
    pub(crate) async fn until_stopped(self, close: impl Future<Output = ()>) -> Result<(), RoleError> {
        let result = self.parts.until_stopped(self.signals, DRAIN + CUT).await.map_err(RoleError::from);
        if tokio::time::timeout(CLOSE, close).await.is_err() {
            // What was promised is on disk already; closing only tidies up.
            tracing::warn!("the record was not closed in time");
        }
        result
    }
}

/// Takes an address.
pub(crate) async fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, RoleError> {
    TcpListener::bind(address).await.map_err(|source| RoleError::Listen { variable, address, source })
}

/// What connections may take.
pub(crate) fn serve_limits(connections: &Connections) -> ServerLimits {
    ServerLimits {
        connections: usize::try_from(connections.connections).unwrap_or(usize::MAX),
        header_timeout: connections.header_timeout_ms,
        drain: DRAIN,
        ..ServerLimits::default()
    }
}

/// What connections to an internal port may take, where there is no other.
#[cfg(feature = "distributed")]
pub(crate) fn internal_limits() -> ServerLimits {
    ServerLimits { drain: DRAIN, ..ServerLimits::default() }
}

/// Says on standard output where the process is to be found.
pub(crate) fn say_where(public: Option<(&str, &str)>, internal: SocketAddr) {
    let public = public.map(|(what, url)| format!("{what} at {url}\n")).unwrap_or_default();
    // Whoever started it without a standard output finds both in the log.
    let _ = writeln!(io::stdout(), "{public}Health and metrics are at http://{internal}");
}

async fn upkeep(metrics: PrometheusHandle, stopping: CancellationToken) {
    let mut ticks = interval(UPKEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => metrics.run_upkeep(),
            () = stopping.cancelled() => return,
        }
    }
}
