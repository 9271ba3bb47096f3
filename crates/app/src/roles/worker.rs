//! `abaci worker`: computes queued calculations over PostgreSQL and Redis.

use super::RoleError;
use super::health::Check;
use super::internal::internal_router_with_queue;
use super::settings::worker_settings;
use crate::backends::open_distributed;
use crate::config::WorkerArgs;
use crate::process::{Service, internal_limits, listen, print_addresses};

/// Runs until a stop signal.
pub(crate) fn run(config: WorkerArgs) -> Result<(), RoleError> {
    config.backend.require_distributed()?;
    let services = config.access.services(&config.backend, None)?;
    Service::run("abaci-worker", &config.logs, async |mut service| {
        let internal = listen("ABACI_INTERNAL_LISTEN", config.internal.internal_listen).await?;
        let internal_address = internal.local_addr()?;
        // A worker accepts no submissions, so the limit has no effect.
        let backends = open_distributed(&services, &config.storage, 0).await?;
        let settings = worker_settings(&config.work);
        let id = settings.id.clone();
        let worker = backends.worker(settings);

        let checks = vec![Check::worker(&worker, &backends)];
        let internal_router =
            internal_router_with_queue(service.metrics.clone(), checks, backends.ports.clone(), internal_address);
        service.spawn("the worker", ::worker::run(worker, service.stopping.clone().cancelled_owned()));
        service.spawn("the deletion of orphans", backends.delete_orphans(service.stopping.clone()));
        service.serve("the internal listener", internal, internal_router, internal_limits());

        tracing::info!(worker.id = %id, internal = %internal_address, postgres = ?services.postgres, "{id} has started");
        print_addresses(None, internal_address);
        Ok(service.run_until_stopped(backends.close()).await?)
    })
}
