//! The embedded shape: SQLite and files in the data directory, queue and cache in memory.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{ApiState, Network};
use axum::Router;
use axum::http::Uri;
use cache::{MemoryAnnouncements, MemoryKnownValues};
use client::{ApiClient, ClientState};
use model::{Clock, Timestamp, WorkerId};
use queue::MemoryQueue;
use store::{ObjectError, Objects, SqliteStore, StoreError, StoreLimits, Values};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use worker::{Settings, Worker};

use crate::clock::SystemClock;
use crate::config::ServeConfig;

/// Finished calculations that are kept in memory, in bytes. Most are under a kilobyte.
const KNOWN_BYTES: u64 = 8 << 20;
/// Announcements that a page which lost its connection can still catch up on.
const NEWS_KEPT: usize = 4_096;
/// So many times does a worker renew a lease before it would run out.
const HEARTBEATS_PER_LEASE: u32 = 4;

/// What stands behind the ports when everything is in this process.
pub(crate) struct Embedded {
    store: Arc<SqliteStore>,
    objects: Objects,
    values: Values,
    api: ApiState,
    worker: Worker,
}

/// Why it could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// The record cannot be opened.
    #[error("the record {} cannot be opened", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What the store said.
        source: StoreError,
    },
    /// The folder of values cannot be used.
    #[error("the folder {} cannot be used for values", path.display())]
    Values {
        /// The folder.
        path: PathBuf,
        /// What the store said.
        source: ObjectError,
    },
}

impl Embedded {
    /// Opens what is in the data directory, making what is missing. The lock on it must be held.
    pub(crate) async fn open(config: &ServeConfig, stopping: &CancellationToken) -> Result<Self, EmbeddedError> {
        let path = record_path(&config.data.directory.path);
        let limits = StoreLimits { max_queued: config.limits.max_queued };
        let record = |source| EmbeddedError::Record { path: path.clone(), source };
        let store = Arc::new(SqliteStore::open(&path, limits).await.map_err(record)?);
        // We hold the directory, so whoever held a lease is dead.
        let voided = store.void_leases().await.map_err(record)?;
        if voided > 0 {
            tracing::info!(leases = voided, "computations that an earlier process left are taken up again");
        }
        let folder = config.data.values_url.as_ref().map(|url| url.folder.clone());
        let folder = folder.unwrap_or_else(|| config.data.directory.path.join("values"));
        let objects =
            Objects::in_directory(&folder).map_err(|source| EmbeddedError::Values { path: folder.clone(), source })?;
        let values = Values::new(Arc::clone(&store) as _, objects.clone(), Some(config.data.store_bytes.0));
        let ports = api::Ports {
            store: Arc::clone(&store) as _,
            values: values.clone(),
            queue: Arc::new(MemoryQueue::new(usize::try_from(config.limits.max_queued).unwrap_or(usize::MAX))),
            known: Arc::new(MemoryKnownValues::new(KNOWN_BYTES)),
            announcements: Arc::new(MemoryAnnouncements::new(NEWS_KEPT)),
            clock: Arc::new(SystemClock),
        };
        let worker = Worker::new(for_worker(&ports), worker_settings(config));
        let api = ApiState::start(ports, api_limits(config), stopping.clone());
        Ok(Self { store, objects, values, api, worker })
    }

    /// What the API works with.
    pub(crate) fn api(&self) -> ApiState {
        self.api.clone()
    }

    /// The pages, over the API at `url` if no other is set.
    pub(crate) fn pages(&self, config: &ServeConfig, url: &str) -> Result<Router, client::BaseUrlError> {
        let api_url = config.addresses.api_url.as_ref().map_or(url, |url| url.as_str());
        let public_url: Option<Uri> = config.addresses.public_url.as_ref().map(|url| url.uri());
        let settings = client::Settings { public_url, assets_dir: config.development.assets_dir.clone() };
        Ok(client::router(ClientState::new(ApiClient::new(api_url)?, settings)))
    }

    /// The worker, which has not begun.
    pub(crate) fn worker(&self) -> Worker {
        self.worker.clone()
    }

    /// Removes, once an hour, files that a crash left behind; until `stopping` is cancelled.
    pub(crate) fn tidy(&self, stopping: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        tidy(self.values.clone(), self.objects.clone(), stopping)
    }

    /// Lets the API write what it has counted, and closes the record.
    pub(crate) async fn close(&self) {
        self.api.ended().await;
        self.store.close().await;
    }
}

/// Where the record lies in a data directory.
pub(crate) fn record_path(directory: &Path) -> PathBuf {
    directory.join("abaci.sqlite")
}

/// The same things behind the worker's ports as behind the API's.
fn for_worker(ports: &api::Ports) -> worker::Ports {
    let api::Ports { store, values, queue, known, announcements, clock } = ports.clone();
    worker::Ports { store, values, queue, known, announcements, clock }
}

fn api_limits(config: &ServeConfig) -> api::Limits {
    let mut trusted_proxies = config.addresses.trusted_proxies.clone();
    if config.addresses.api_url.is_none() {
        // The pages in this process call from the loopback address, on behalf of their visitors.
        trusted_proxies.extend(LOOPBACK.iter().filter_map(|network| network.parse::<Network>().ok()));
    }
    api::Limits {
        max_index: config.limits.max_index,
        body_bytes: usize::try_from(config.edge.body_bytes.0).unwrap_or(usize::MAX),
        worker_memory_bytes: Some(config.work.memory_bytes().get()),
        store_bytes: Some(config.data.store_bytes.0),
        rate: config.edge.rate.0,
        trusted_proxies,
        public_origin: config.addresses.public_url.as_ref().map(ToString::to_string),
        version: env!("CARGO_PKG_VERSION"),
        mode: "embedded",
        ..api::Limits::default()
    }
}

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

fn worker_settings(config: &ServeConfig) -> Settings {
    let id = WorkerId(format!("serve-{}", std::process::id()));
    let threads = match config.work.worker_threads {
        Some(threads) => usize::try_from(threads).unwrap_or(usize::MAX),
        None => std::thread::available_parallelism().map_or(1, NonZero::get),
    };
    let lease = config.work.lease_ms;
    Settings {
        lease,
        heartbeat: lease / HEARTBEATS_PER_LEASE,
        ..Settings::new(id, env!("CARGO_PKG_VERSION"), threads, config.work.memory_bytes().get())
    }
}

async fn tidy(values: Values, objects: Objects, stopping: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(3600);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        // An object is written before its row says so; whatever is older than an hour is not under way.
        let now = SystemClock.now().unix_ms();
        let before = Timestamp::from_unix_ms(now.saturating_sub(i64::try_from(EVERY.as_millis()).unwrap_or(i64::MAX)));
        match values.sweep_orphans(before).await {
            Ok(deleted) if deleted > 0 => tracing::info!(deleted, "values that no calculation points to are gone"),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "values could not be tidied"),
        }
        if let Err(error) = objects.sweep_leftovers(before).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "unfinished files could not be tidied");
        }
    }
}
