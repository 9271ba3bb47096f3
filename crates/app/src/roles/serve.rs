//! `abaci serve`: runs everything in one process, over either kind of backends.

use std::net::SocketAddr;

use ::api::ApiState;
use ::client::ApiClient;
use model::Clock;
use tokio::net::TcpListener;

use super::health::Check;
use super::internal::internal_router_with_queue;
use super::own_pages::OwnPages;
use super::settings::{ApiSettings, pages, worker_settings};
use super::{RoleError, routes};
use crate::backends::{Backends, DirectoryLock, open_embedded};
use crate::config::{Mode, ServeArgs, connectable};
use crate::host::SystemClock;
use crate::process::{Service, ServiceError, listen, print_addresses, serve_limits};

/// Runs until a stop signal.
pub(crate) fn run(config: ServeArgs) -> Result<(), RoleError> {
    let mode = config.backend.mode()?;
    Service::run("abaci-serve", &config.logs, async |service| match mode {
        Mode::Embedded => {
            let mut lock = DirectoryLock::acquire(&config.storage.data.directory.path)?;
            let (public, internal) = listeners(&config).await?;
            lock.set_address(&url(public.local_addr()?))?;
            let backends = open_embedded(&config.storage, &config.limits).await?;
            serve(service, &config, mode, backends, public, internal).await
        }
        #[cfg(not(feature = "distributed"))]
        Mode::Distributed => Err(crate::config::ModeError::NotBuiltIn.into()),
        #[cfg(feature = "distributed")]
        Mode::Distributed => {
            let services = config.access.services(&config.backend, Some(&config.public))?;
            let (public, internal) = listeners(&config).await?;
            let backends =
                crate::backends::open_distributed(&services, &config.storage, config.limits.max_queued).await?;
            serve(service, &config, mode, backends, public, internal).await
        }
    })
}

async fn serve(
    mut service: Service,
    config: &ServeArgs,
    mode: Mode,
    backends: Backends,
    public: TcpListener,
    internal: TcpListener,
) -> Result<(), RoleError> {
    let url = url(public.local_addr()?);
    let internal_address = internal.local_addr()?;
    let settings = ApiSettings {
        limits: &config.limits,
        requests: &config.requests,
        proxies: &config.proxies,
        public: &config.public,
        worker_memory_bytes: Some(config.work.memory_bytes().get()),
        store_bytes: config.storage.store_bytes,
        mode,
        listen: public.local_addr()?,
        connections: &config.connections,
        parallelism: u32::try_from(worker_settings(&config.work).threads).unwrap_or(u32::MAX),
    };
    let api = ApiState::start(backends.ports.clone(), settings.config(), service.stopping.clone());
    let mut work = worker_settings(&config.work);
    if mode == Mode::Embedded {
        // The queue in memory cannot tell which jobs killed the previous process.
        work.leased_before = Some(SystemClock.now());
    }
    let worker = backends.worker(work);
    let api_url = config.api_url.as_ref().map_or(url.as_str(), |url| url.as_str());
    let api_client = ApiClient::new(api_url)?;
    let own_pages = OwnPages::new()?;
    // The address that other processes forward is believed of configured proxies only.
    let api_client = if config.api_url.is_none() { own_pages.identify(api_client) } else { api_client };
    let pages = pages(api_client, &config.public, &config.development);
    let mut checks = vec![Check::api(&api, &backends), Check::worker_beside_api(&worker, &backends)];
    checks.extend(backends.directory.clone().map(Check::Directory));

    let limits = serve_limits(
        &config.connections,
        public.local_addr()?,
        &config.public,
        &config.proxies.without_connection_share(),
    );
    let mut api_router = own_pages.trusted_by(::api::router(api.clone()));
    if let Some(directory) = backends.directory.clone() {
        api_router = routes::refuse_changes_without(directory, api_router);
    }
    let routes = routes::combine(api_router, pages);
    let internal_router =
        internal_router_with_queue(service.metrics.clone(), checks, backends.ports.clone(), internal_address);
    service.spawn("the worker", ::worker::run(worker, service.stopping.clone().cancelled_owned()));
    service.spawn("the deletion of orphans", backends.delete_orphans(service.stopping.clone()));
    service.serve("the listener", public, routes, limits.clone());
    service.serve("the internal listener", internal, internal_router, limits);

    tracing::info!(%url, internal = %internal_address, data = %config.storage.data.directory.path.display(), "ready ({mode})");
    print_addresses(Some(("Abaci is", &url)), internal_address);
    let close = async {
        api.ended().await;
        backends.close().await;
    };
    Ok(service.run_until_stopped(close).await?)
}

async fn listeners(config: &ServeArgs) -> Result<(TcpListener, TcpListener), ServiceError> {
    let public = listen("ABACI_LISTEN", config.listen.listen).await?;
    Ok((public, listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?))
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", connectable(address))
}
