//! `abaci serve`: everything in this process, from the first setting to the last connection.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use api::ServeLimits;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{ServeConfig, reachable};
use crate::embedded::{Embedded, EmbeddedError};
use crate::internal::{self, Internal};
use crate::lock::{DirectoryLock, LockError};
use crate::metrics::{MetricsError, UPKEEP_EVERY};
use crate::mode::{Mode, ModeError};
use crate::parts::{PartEnded, Parts};
use crate::signals::StopSignals;
use crate::{logs, metrics, panics, routes};

/// Time that answers and jobs under way have when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(8);
/// Time that it takes to cut off what is open after that.
const CUT: Duration = Duration::from_millis(500);
/// Time that is left for the store to close, after which the process ends anyway.
const CLOSE: Duration = Duration::from_secs(2);

/// Why the system did not run, or did not run to an orderly end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// The pages cannot reach the API at that address: set another one.
    #[error("ABACI_API_URL cannot be used")]
    ApiUrl(#[from] client::BaseUrlError),
    /// Another process has the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record or the values cannot be opened.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// An address cannot be listened on.
    #[error("{variable}: {address} cannot be listened on")]
    Listen {
        /// The setting.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Logs or metrics could not be begun.
    #[error("logs cannot be written")]
    Logs(#[from] tracing_subscriber::util::TryInitError),
    /// Logs or metrics could not be begun.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The system refuses a thread, a signal or the like.
    #[error("the process cannot begin")]
    Begin(#[from] io::Error),
    /// A part that runs for the life of the process ended by itself. A bug: the log says more.
    #[error(transparent)]
    Part(#[from] PartEnded),
}

impl ServeError {
    /// Whether other settings are wanted, rather than another attempt.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        matches!(self, Self::Mode(_) | Self::ApiUrl(_))
    }
}

/// Runs until asked to stop.
pub(crate) fn run(config: ServeConfig) -> Result<(), ServeError> {
    let mode = config.backends.decide()?;
    logs::start(&config.logs.log)?;
    panics::log_panics();
    let metrics = metrics::start()?;
    // Computing has threads of its own; these two only answer and pass on.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(serve(config, mode, metrics));
    // A computation that has not noticed yet that it is to stop must not keep the process alive.
    runtime.shutdown_background();
    result
}

async fn serve(config: ServeConfig, mode: Mode, metrics: PrometheusHandle) -> Result<(), ServeError> {
    // From here on a signal asks for an orderly end; before, it simply ends the process.
    let signals = StopSignals::listen()?;
    let mut lock = DirectoryLock::take(&config.data.directory.path)?;
    let public = listen("ABACI_LISTEN", config.addresses.listen).await?;
    let internal = listen("ABACI_INTERNAL_LISTEN", config.addresses.internal_listen).await?;
    let url = format!("http://{}", reachable(public.local_addr()?));
    lock.note_address(&url)?;

    let stopping = CancellationToken::new();
    let embedded = Embedded::open(&config, &stopping).await?;
    let limits = ServeLimits {
        connections: usize::try_from(config.edge.connections).unwrap_or(usize::MAX),
        header_timeout: config.edge.header_timeout_ms,
        drain: DRAIN,
        ..ServeLimits::default()
    };
    let routes = routes::together(api::router(embedded.api()), embedded.pages(&config, &url)?);
    let inside =
        Internal { metrics: metrics.clone(), api: embedded.api(), worker: embedded.worker(), started: Instant::now() };
    let internal_address = internal.local_addr()?;
    let mut parts = Parts::new(stopping.clone());
    parts.start("the worker", worker::run(embedded.worker(), stopping.clone().cancelled_owned()));
    parts.start("the listener", answer(public, routes, limits.clone(), stopping.clone()));
    parts.start("the internal listener", answer(internal, internal::router(inside), limits, stopping.clone()));
    parts.start("the tidying of values", embedded.tidy(stopping.clone()));
    parts.start("the upkeep of metrics", upkeep(metrics, stopping.clone()));

    tracing::info!(%url, internal = %internal_address, data = %config.data.directory.path.display(), "ready ({mode})");
    say_where(&url, internal_address);
    let result = parts.until_stopped(signals, DRAIN + CUT).await.map_err(ServeError::from);
    if tokio::time::timeout(CLOSE, embedded.close()).await.is_err() {
        // What was promised is on disk already; closing only tidies up.
        tracing::warn!("the record was not closed in time");
    }
    drop(lock);
    result
}

async fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { variable, address, source })
}

async fn answer(listener: TcpListener, router: Router, limits: ServeLimits, stopping: CancellationToken) {
    if let Err(error) = api::run(listener, router, limits, stopping.cancelled_owned()).await {
        tracing::error!(%error, "a listener failed");
    }
}

async fn upkeep(metrics: PrometheusHandle, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => metrics.run_upkeep(),
            () = stopping.cancelled() => return,
        }
    }
}

fn say_where(url: &str, internal: SocketAddr) {
    // Whoever started it without a standard output finds both in the log.
    let _ = writeln!(io::stdout(), "Abaci is at {url}\nHealth and metrics are at http://{internal}");
}
