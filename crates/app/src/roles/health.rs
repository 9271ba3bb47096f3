//! Checks of the parts of a process, for `/healthz` and `/readyz`.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::client::ApiClient;
use api::ApiState;
use model::{Index, Subject};
use ports::Ports;
use worker::Worker;

use crate::backends::{Backends, DirectoryWatch};

/// A part of the process that can be checked.
pub(crate) enum Check {
    /// The API.
    Api { api: ApiState, ports: Ports },
    /// The worker.
    Worker {
        worker: Box<Worker>,
        ports: Ports,
        /// When it started.
        started: Instant,
        /// Time after the start in which it is ready without having claimed a job.
        grace_period: Duration,
    },
    /// The files of the embedded store.
    Directory(Arc<DirectoryWatch>),
    /// The pages, which need the API.
    Pages(ApiClient),
}

/// The reason why a part is not healthy.
pub(crate) type Reason = &'static str;

/// Maximum time until the first claims.
const CLAIM_GRACE_PERIOD: Duration = Duration::from_secs(10);
/// Timeout of each backend query.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

impl Check {
    pub(crate) fn api(api: &ApiState, backends: &Backends) -> Self {
        Self::Api { api: api.clone(), ports: backends.ports.clone() }
    }

    /// Returns the check of a worker that is ready once it claims jobs.
    #[cfg(feature = "distributed")]
    pub(crate) fn worker(worker: &Worker, backends: &Backends) -> Self {
        Self::worker_after(worker, backends, Duration::ZERO)
    }

    /// Returns the check of a worker in the process of an API, which may accept jobs before the first claim.
    pub(crate) fn worker_beside_api(worker: &Worker, backends: &Backends) -> Self {
        Self::worker_after(worker, backends, CLAIM_GRACE_PERIOD)
    }

    fn worker_after(worker: &Worker, backends: &Backends, grace_period: Duration) -> Self {
        let (worker, ports) = (worker.clone(), backends.ports.clone());
        Self::Worker { worker: Box::new(worker), ports, started: Instant::now(), grace_period }
    }

    /// Returns an error if a restart of the process would help.
    pub(crate) async fn alive(&self) -> Result<(), Reason> {
        match self {
            Self::Worker { worker, ports, started, .. } => {
                let is_claiming = started.elapsed() < CLAIM_GRACE_PERIOD || worker.is_consuming();
                // Without the queue, a restarted process would find no jobs either.
                if is_claiming || !queue_responds(ports).await { Ok(()) } else { Err("the worker claims no jobs") }
            }
            Self::Api { .. } | Self::Directory(_) | Self::Pages(_) => Ok(()),
        }
    }

    /// Returns what is degraded, or an error if the part cannot serve.
    pub(crate) async fn ready(&self) -> Result<Vec<Reason>, Reason> {
        match self {
            Self::Worker { worker, ports, started, grace_period } => {
                if started.elapsed() >= *grace_period && !worker.is_consuming() {
                    return Err("the worker claims no jobs");
                }
                if !matches!(tokio::time::timeout(CHECK_TIMEOUT, ports.store.ping()).await, Ok(Ok(()))) {
                    return Err("the worker cannot complete jobs: the store is unavailable");
                }
                Ok(Vec::new())
            }
            Self::Api { api, ports } => {
                api.ready().await.map_err(|error| {
                    log_not_ready(&error);
                    "the API is not ready: the store or the event channel is unavailable"
                })?;
                let (queue, cache) = tokio::join!(queue_responds(ports), cache_responds(ports));
                let mut degraded = Vec::new();
                if !queue {
                    degraded.push("degraded: the queue is unavailable, accepted calculations wait in the store");
                }
                if !cache {
                    degraded.push("degraded: the cache is unavailable, all reads use the store");
                }
                Ok(degraded)
            }
            Self::Directory(watch) => match watch.check() {
                Ok(()) => Ok(Vec::new()),
                Err(_) => Err("the data directory was removed, renamed or replaced"),
            },
            Self::Pages(api) => match api.check().await {
                Ok(()) => Ok(Vec::new()),
                Err(error) => {
                    log_not_ready(&error);
                    Err("the pages cannot reach the API")
                }
            },
        }
    }
}

async fn queue_responds(ports: &Ports) -> bool {
    let subject = Subject::from(Index::new(0));
    matches!(tokio::time::timeout(CHECK_TIMEOUT, ports.queue.contains(&subject)).await, Ok(Ok(_)))
}

async fn cache_responds(ports: &Ports) -> bool {
    let subject = Subject::from(Index::new(0));
    matches!(tokio::time::timeout(CHECK_TIMEOUT, ports.cache.get(&subject)).await, Ok(Ok(_)))
}

fn log_not_ready(error: &(dyn Error + 'static)) {
    tracing::warn!(error, "not ready");
}
