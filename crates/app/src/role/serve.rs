//! `abaci serve`: everything in this process, whichever shape the backends have.

use std::net::SocketAddr;

use ::api::ApiState;
use model::Clock;
use tokio::net::TcpListener;

use super::RoleError;
use crate::backends::Backends;
use crate::clock::SystemClock;
use crate::config::{ServeConfig, reachable};
use crate::internal::{self, Check, Internal};
use crate::lock::DirectoryLock;
use crate::mode::Mode;
use crate::process::{Process, listen, say_where, serve_limits};
use crate::settings::{ApiSettings, pages, worker_settings};
use crate::{embedded, routes};

/// Runs until asked to stop.
pub(crate) fn run(config: ServeConfig) -> Result<(), RoleError> {
    let mode = config.shape.decide()?;
    Process::run("abaci-serve", &config.logs, async |process| match mode {
        Mode::Embedded => {
            let mut lock = DirectoryLock::take(&config.data.directory.path)?;
            let (public, internal) = listeners(&config).await?;
            lock.note_address(&url(public.local_addr()?))?;
            let backends = embedded::open(&config.data, &config.limits).await?;
            serve(process, &config, mode, backends, public, internal).await
        }
        #[cfg(not(feature = "distributed"))]
        Mode::Distributed => Err(crate::mode::ModeError::NotBuiltIn.into()),
        #[cfg(feature = "distributed")]
        Mode::Distributed => {
            let services = config.access.services(&config.shape, Some(&config.public))?;
            let (public, internal) = listeners(&config).await?;
            let backends = crate::distributed::open(&services, &config.data, config.limits.max_queued).await?;
            serve(process, &config, mode, backends, public, internal).await
        }
    })
}

async fn serve(
    mut process: Process,
    config: &ServeConfig,
    mode: Mode,
    backends: Backends,
    public: TcpListener,
    internal: TcpListener,
) -> Result<(), RoleError> {
    let url = url(public.local_addr()?);
    let internal_address = internal.local_addr()?;
    let mut proxies = config.proxies.clone();
    if config.api_url.is_none() {
        // The pages in this process call from the loopback address, on behalf of their visitors.
        proxies.trust_loopback();
    }
    let settings = ApiSettings {
        limits: &config.limits,
        requests: &config.requests,
        proxies: &proxies,
        public: &config.public,
        worker_memory_bytes: Some(config.work.memory_bytes().get()),
        store_bytes: config.data.store_bytes,
        mode,
    };
    let api = ApiState::start(backends.ports.clone(), settings.limits(), process.stopping.clone());
    let mut work = worker_settings(&config.work);
    if mode == Mode::Embedded {
        // The queue is of this process alone, and tells of no job that the process before it died of.
        work.leased_before = Some(SystemClock.now());
    }
    let worker = ::worker::Worker::new(backends.ports.clone(), work);
    let api_url = config.api_url.as_ref().map_or(url.as_str(), |url| url.as_str());
    let (pages, _) = pages(api_url, &config.public, &config.development)?;
    let checks = vec![Check::api(&api, &backends), Check::worker_beside(&worker, &backends)];

    let limits = serve_limits(&config.connections);
    let routes = routes::together(::api::router(api.clone()), pages);
    let inside = internal::router(Internal { metrics: process.metrics.clone(), checks: checks.into() });
    process.start("the worker", ::worker::run(worker, process.stopping.clone().cancelled_owned()));
    process.start("the tidying of values", backends.tidy(process.stopping.clone()));
    process.answer("the listener", public, routes, limits.clone());
    process.answer("the internal listener", internal, inside, limits);

    tracing::info!(%url, internal = %internal_address, data = %config.data.directory.path.display(), "ready ({mode})");
    say_where(Some(("Abaci is", &url)), internal_address);
    let close = async {
        api.ended().await;
        backends.close().await;
    };
    process.until_stopped(close).await
}

async fn listeners(config: &ServeConfig) -> Result<(TcpListener, TcpListener), RoleError> {
    let public = listen("ABACI_LISTEN", config.listen.listen).await?;
    Ok((public, listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?))
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}
