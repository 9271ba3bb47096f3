//! The faults. Each kind is a file that lists its faults, injects them and undoes them.

mod cancel_race;
mod clock;
mod damage;
mod disk_full;
mod kill;
mod network;
mod older_database;
mod pause;
mod postgres;
mod redis;
mod takeover;
mod terminate;

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;

use crate::cluster::{Cluster, Component};
use crate::ledger::Ledger;

pub(crate) use damage::texts_below;

/// Something that goes wrong for a while.
pub(crate) trait Fault {
    /// Returns its name in the report.
    fn name(&self) -> String;

    /// Injects the fault and undoes it.
    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected>;
}

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
        Self { ended_at: Instant::now(), takeover: None }
    }
}

/// Returns one of every fault whose name contains a text.
pub(crate) fn select(cluster: &Cluster, only: &str) -> Vec<Box<dyn Fault>> {
    let mut faults = all(cluster);
    faults.retain(|fault| fault.name().contains(only));
    faults
}

fn all(cluster: &Cluster) -> Vec<Box<dyn Fault>> {
    let mut faults = Vec::new();
    faults.extend(kill::all());
    faults.extend(terminate::all());
    faults.extend(takeover::all());
    faults.extend(pause::all());
    faults.extend(network::all());
    faults.extend(redis::all());
    faults.extend(postgres::all());
    faults.extend(damage::all());
    faults.extend(older_database::all());
    faults.extend(cancel_race::all());
    faults.extend(clock::all());
    if cluster.disk.can_be_filled() {
        faults.extend(disk_full::all());
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
        Component::Api(_) => "api",
        Component::Worker(_) => "worker",
        Component::Client => "client",
        Component::Nginx => "nginx",
        Component::Redis => "Redis",
        Component::Postgres => "PostgreSQL",
    }
}
