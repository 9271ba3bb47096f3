//! `abaci api`: accepts, answers and streams, over PostgreSQL and Redis.

use ::api::ApiState;

use super::RoleError;
use crate::config::{ApiConfig, reachable};
use crate::distributed;
use crate::internal::{self, Check, Internal};
use crate::mode::Mode;
use crate::process::{Process, listen, say_where, serve_limits};
use crate::settings::ApiSettings;

/// Runs until asked to stop.
pub(crate) fn run(config: ApiConfig) -> Result<(), RoleError> {
    config.shape.require()?;
    let services = config.access.services(&config.shape, Some(&config.public))?;
    Process::run(&config.logs, async |mut process| {
        let public = listen("ABACI_LISTEN", config.listen.listen).await?;
        let internal = listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?;
        let url = format!("http://{}", reachable(public.local_addr()?));
        let internal_address = internal.local_addr()?;
        let backends = distributed::open(&services, &config.data, config.limits.max_queued)?;
        let settings = ApiSettings {
            limits: &config.limits,
            requests: &config.requests,
            proxies: &config.proxies,
            public: &config.public,
            worker_memory_bytes: config.worker_memory_bytes.map(|bytes| bytes.0),
            store_bytes: config.data.store_bytes,
            mode: Mode::Distributed,
        };
        let api = ApiState::start(backends.ports.clone(), settings.limits(), process.stopping.clone());
        let checks = vec![Check::api(&api, &backends)];

        let limits = serve_limits(&config.connections);
        let inside = internal::router(Internal { metrics: process.metrics.clone(), checks: checks.into() });
        process.answer("the listener", public, ::api::router(api.clone()), limits.clone());
        process.answer("the internal listener", internal, inside, limits);

        tracing::info!(%url, internal = %internal_address, postgres = ?services.postgres, "the api has started");
        say_where(Some(("Abaci's api is", &url)), internal_address);
        let close = async {
            api.ended().await;
            backends.close().await;
        };
        process.until_stopped(close).await
    })
}
