//! `abaci api`: serves the API over PostgreSQL and Redis.

use ::api::ApiState;

use super::RoleError;
use super::health::Check;
use super::internal::internal_router_with_queue;
use super::settings::ApiSettings;
use crate::backends::open_distributed;
use crate::config::{ApiArgs, Mode, connectable};
use crate::process::{Service, listen, print_addresses, serve_limits};

/// Runs until a stop signal.
pub(crate) fn run(config: ApiArgs) -> Result<(), RoleError> {
    config.backend.require_distributed()?;
    let services = config.access.services(&config.backend, Some(&config.public))?;
    Service::run("abaci-api", &config.logs, async |mut service| {
        let public = listen("ABACI_LISTEN", config.listen.listen).await?;
        let internal = listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?;
        let url = format!("http://{}", connectable(public.local_addr()?));
        let internal_address = internal.local_addr()?;
        let backends = open_distributed(&services, &config.storage, config.limits.max_queued).await?;
        let settings = ApiSettings {
            limits: &config.limits,
            requests: &config.requests,
            proxies: &config.proxies,
            public: &config.public,
            worker_memory_bytes: config.worker_memory_bytes.map(|bytes| bytes.0),
            store_bytes: config.storage.store_bytes,
            mode: Mode::Distributed,
            listen: public.local_addr()?,
            connections: &config.connections,
            parallelism: 0,
        };
        let api = ApiState::start(backends.ports.clone(), settings.config(), service.stopping.clone());

        let trusted = &config.proxies.trusted_proxies;
        let limits = serve_limits(&config.connections, public.local_addr()?, &config.public, trusted);
        let checks = vec![Check::api(&api, &backends)];
        let internal_router =
            internal_router_with_queue(service.metrics.clone(), checks, backends.ports.clone(), internal_address);
        service.serve("the listener", public, ::api::router(api.clone()), limits.clone());
        service.serve("the internal listener", internal, internal_router, limits);

        tracing::info!(%url, internal = %internal_address, postgres = ?services.postgres, "the API has started");
        print_addresses(Some(("Abaci's API is", &url)), internal_address);
        let close = async {
            api.ended().await;
            backends.close().await;
        };
        Ok(service.run_until_stopped(close).await?)
    })
}
