//! Maps the command-line configuration to each crate's settings.

use std::net::SocketAddr;
use std::num::NonZero;
use std::time::Duration;

use ::client::{ApiClient, ClientState};
use axum::Router;
use model::Clock;
use worker::Settings;

use crate::config::{
    ByteSize, ConnectionArgs, DevelopmentArgs, LimitArgs, Mode, ProxyArgs, PublicUrlArgs, RequestArgs, WorkArgs,
};
use crate::host::{SystemClock, worker_id};

/// Number of renewals within the duration of a lease.
const HEARTBEATS_PER_LEASE: u32 = 4;

/// The settings of an API.
pub(crate) struct ApiSettings<'a> {
    pub(crate) limits: &'a LimitArgs,
    pub(crate) requests: &'a RequestArgs,
    pub(crate) proxies: &'a ProxyArgs,
    pub(crate) public: &'a PublicUrlArgs,
    pub(crate) worker_memory_bytes: Option<u64>,
    pub(crate) store_bytes: ByteSize,
    pub(crate) mode: Mode,
    /// The address that the API listens on.
    pub(crate) listen: SocketAddr,
    pub(crate) connections: &'a ConnectionArgs,
    /// Calculations computed at the same time in this process; 0 if there is no worker in it.
    pub(crate) parallelism: u32,
}

impl ApiSettings<'_> {
    /// Returns them as the API takes them.
    pub(crate) fn config(&self) -> api::ApiConfig {
        // The other half is kept for requests that end.
        let streams = usize::try_from(self.connections.connections / 2).unwrap_or(usize::MAX);
        api::ApiConfig {
            max_index: self.limits.max_index,
            body_bytes: usize::try_from(self.requests.body_bytes.0).unwrap_or(usize::MAX),
            batch_indexes: usize::try_from(self.requests.batch_indexes).unwrap_or(usize::MAX),
            worker_memory_bytes: self.worker_memory_bytes,
            value_bytes: Some(store::largest_value(self.store_bytes.0)),
            rate: self.requests.rate_at(self.listen),
            queued_work: self.requests.queued_seconds.0.map(Duration::from_secs_f64),
            queued_work_per_address: self.requests.queued_work_per_address_at(self.listen),
            parallelism: self.parallelism,
            event_streams: (streams, api::ApiConfig::default().event_streams.1),
            is_public: self.public.is_public(self.listen),
            trusted_proxies: self.proxies.trusted_proxies.clone(),
            public_url: self.public.public_url.as_ref().map(|url| url.uri()),
            version: env!("CARGO_PKG_VERSION"),
            mode: self.mode.as_str(),
            ..api::ApiConfig::default()
        }
    }
}

/// Returns the routes of the pages over that API.
pub(crate) fn pages(api: ApiClient, public: &PublicUrlArgs, development: &DevelopmentArgs) -> Router {
    let public_url = public.public_url.as_ref().map(|url| url.uri());
    let security_contact = public
        .security_contact
        .as_ref()
        .map(|contact| ::client::SecurityContact { uri: contact.as_str().to_owned(), now: || SystemClock.now() });
    let settings = ::client::PageSettings { public_url, assets_dir: development.assets_dir.clone(), security_contact };
    ::client::router(ClientState::new(api, settings))
}

/// Returns the settings of a worker with a unique name.
pub(crate) fn worker_settings(work: &WorkArgs) -> Settings {
    let threads = match work.worker_threads {
        Some(threads) => usize::try_from(threads).unwrap_or(usize::MAX),
        None => std::thread::available_parallelism().map_or(1, NonZero::get),
    };
    let lease = work.lease_ms;
    Settings {
        lease,
        heartbeat: lease / HEARTBEATS_PER_LEASE,
        ..Settings::new(worker_id(), env!("CARGO_PKG_VERSION"), threads, work.memory_bytes().get())
    }
}
