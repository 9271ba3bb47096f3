//! The faults. Each kind is a file that lists its faults, injects them and undoes them.

mod cancel_race;
mod clock;
mod damage;
mod data_directory;
mod disk_full;
mod failover;
mod kill;
mod network;
mod older_database;
mod pause;
mod postgres;
mod redis;
mod takeover;
mod terminate;
mod versions;

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;

use crate::ledger::Ledger;
use crate::systems::{Cluster, Component, Embedded, System, previous_program};

pub(crate) use damage::texts_below;

/// Something that goes wrong for a while in a system.
pub(crate) trait Fault<S> {
    /// Returns its name in the report.
    fn name(&self) -> String;

    /// Injects the fault and undoes it.
    fn inject<'a>(&'a self, system: &'a mut S, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected>;
}

/// Faults of one kind of system.
pub(crate) type Faults<S> = Vec<Box<dyn Fault<S>>>;

/// The result of an injection.
pub(crate) struct Injected {
    /// When the fault was over.
    pub(crate) ended_at: Instant,
    /// Time from the kill of a worker to its job running on another.
    pub(crate) takeover: Option<Duration>,
}

impl Injected {
    /// Returns the result of a fault that is over now.
    fn now() -> Self {
        Self::at(Instant::now())
    }

    /// Returns the result of a fault that was over at a time.
    const fn at(ended_at: Instant) -> Self {
        Self { ended_at, takeover: None }
    }
}

/// Returns the fault that comes before all others, if there is a previous version.
pub(crate) fn first<S: System>() -> Option<Box<dyn Fault<S>>> {
    previous_program().map(|_| Box::new(versions::FirstUpgrade) as Box<dyn Fault<S>>)
}

/// Returns every fault of the distributed system.
pub(crate) fn of_cluster(cluster: &Cluster) -> Faults<Cluster> {
    let mut faults = kill::of_cluster();
    faults.extend(terminate::of([Component::Api(1), Component::Worker(1), Component::Client]));
    faults.extend(takeover::all());
    faults.extend(pause::of_cluster());
    faults.extend(network::all());
    faults.extend(redis::all());
    faults.extend(postgres::all());
    faults.extend(failover::all());
    faults.extend(damage::of_cluster());
    faults.extend(older_database::of_cluster());
    faults.extend(cancel_race::all());
    faults.extend(clock::of([Component::Redis, Component::Postgres, Component::Api(0), Component::Worker(0)]));
    if cluster.disk().can_be_filled() {
        faults.extend(disk_full::all());
        faults.extend(disk_full::of_cluster());
    }
    if previous_program().is_some() {
        faults.extend(versions::of_cluster());
    }
    faults
}

/// Returns every fault of the embedded system.
pub(crate) fn of_embedded(embedded: &Embedded) -> Faults<Embedded> {
    let mut faults = kill::of_embedded();
    faults.extend(terminate::of([Component::Serve]));
    faults.extend(pause::of_embedded());
    faults.extend(data_directory::all());
    faults.extend(damage::of_embedded());
    faults.extend(older_database::of_embedded());
    faults.extend(cancel_race::all());
    faults.extend(clock::of([Component::Serve]));
    if embedded.disk().can_be_filled() {
        faults.extend(disk_full::all());
        faults.extend(disk_full::of_embedded());
    }
    if previous_program().is_some() {
        faults.extend(versions::of_embedded());
    }
    faults
}

/// Waits while a fault lasts: its duration is part of the fault.
async fn last(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

/// Returns the name of a component in the report.
fn component_name(component: Component) -> &'static str {
    match component {
        Component::Serve => "serve",
        Component::Api(_) => "api",
        Component::Worker(_) => "worker",
        Component::Client => "client",
        Component::Nginx => "nginx",
        Component::Redis => "Redis",
        Component::Postgres => "PostgreSQL",
    }
}
