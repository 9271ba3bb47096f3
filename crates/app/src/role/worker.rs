//! `abaci worker`: claims, computes and records, over PostgreSQL and Redis.

use ::worker::Worker;

use super::RoleError;
use crate::config::WorkerConfig;
use crate::distributed;
use crate::internal::{self, Check, Internal};
use crate::process::{Process, internal_limits, listen, say_where};
use crate::settings::worker_settings;

/// Runs until asked to stop.
pub(crate) fn run(config: WorkerConfig) -> Result<(), RoleError> {
    config.shape.require()?;
    let services = config.access.services(&config.shape, None)?;
    Process::run("abaci-worker", &config.logs, async |mut process| {
        let internal = listen("ABACI_INTERNAL_LISTEN", config.internal.internal_listen).await?;
        let internal_address = internal.local_addr()?;
        // Nothing is accepted here, so the limit is of no consequence.
        let backends = distributed::open(&services, &config.data, 0).await?;
        let settings = worker_settings(&config.work);
        let id = settings.id.clone();
        let worker = Worker::new(backends.ports.clone(), settings);
        let checks = vec![Check::worker(&worker, &backends)];

        let inside = internal::router(Internal { metrics: process.metrics.clone(), checks: checks.into() });
        process.start("the worker", ::worker::run(worker, process.stopping.clone().cancelled_owned()));
        process.start("the tidying of values", backends.tidy(process.stopping.clone()));
        process.answer("the internal listener", internal, inside, internal_limits());

        tracing::info!(worker.id = %id, internal = %internal_address, postgres = ?services.postgres, "{id} has started");
        say_where(None, internal_address);
        process.until_stopped(backends.close()).await
    })
}
