//! The previous version takes the place of this one, one component after the other, and back: a rollback and an upgrade.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::support::timeouts::eventually;
use crate::systems::{APIS, Cluster, Component, Embedded, ProgramVersion, System, WORKERS};

/// Seconds for which each state lasts.
const STATE_SECS: u64 = 2;

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
                    system.terminate(*component);
                    system.set_version(*component, version);
                    ended_at = Instant::now();
                    system.restart(*component);
                    let changed = &*system;
                    eventually("every component serves", async || changed.is_complete().await.then_some(())).await;
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
