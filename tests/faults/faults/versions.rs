//! Two versions beside each other: an upgrade from the previous one, with its schema, and then a rollback and an upgrade,
//! one component after the other.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::support::timeouts::eventually;
use crate::systems::{APIS, Cluster, Component, Embedded, ProgramVersion, System, WORKERS};

/// Seconds for which each state lasts.
const STATE_SECS: u64 = 2;

/// The upgrade of a system that has only ever run the previous version. The first new process migrates the database, under
/// traffic and beside the old ones.
pub(super) struct FirstUpgrade;

/// A rollback and an upgrade, in an order of the components. In the middle, one of each version is killed.
struct OtherVersion {
    name: &'static str,
    order: Vec<Component>,
}

pub(super) fn of_cluster() -> Faults<Cluster> {
    let apis = || (0..APIS).map(Component::Api);
    let workers = || (0..WORKERS).map(Component::Worker);
    let workers_first = workers().chain(apis()).chain([Component::Client]).collect();
    let workers_last = [Component::Client].into_iter().chain(apis()).chain(workers()).collect();
    [("workers first", workers_first), ("workers last", workers_last)]
        .map(|(name, order)| Box::new(OtherVersion { name, order }) as Box<dyn Fault<Cluster>>)
        .into()
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    vec![Box::new(OtherVersion { name: "serve", order: vec![Component::Serve] })]
}

impl<S: System> Fault<S> for FirstUpgrade {
    fn name(&self) -> String {
        "upgrade from the previous version and its schema".to_owned()
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let mut ended_at = Instant::now();
            for role in system.roles() {
                last(STATE_SECS).await;
                ended_at = replace(system, role, ProgramVersion::Current).await;
            }
            Injected::at(ended_at)
        })
    }
}

/// Replaces a role by another version, and returns when it had stopped.
async fn replace(system: &mut impl System, role: Component, version: ProgramVersion) -> Instant {
    system.terminate(role);
    system.set_version(role, version);
    let stopped_at = Instant::now();
    system.restart(role);
    let changed = &*system;
    eventually("every component serves", async || changed.is_complete().await.then_some(())).await;
    stopped_at
}

impl<S: System> Fault<S> for OtherVersion {
    fn name(&self) -> String {
        format!("previous version and back, {}", self.name)
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let middle = self.order.len() / 2;
            let mut ended_at = Instant::now();
            for version in [ProgramVersion::Previous, ProgramVersion::Current] {
                for (position, component) in self.order.iter().enumerate() {
                    ended_at = replace(system, *component, version).await;
                    if position == middle {
                        last(STATE_SECS).await;
                        for component in [self.order[0], self.order[self.order.len() - 1]] {
                            system.kill(component);
                            system.restart(component);
                        }
                    }
                }
                last(STATE_SECS).await;
            }
            Injected::at(ended_at)
        })
    }
}
