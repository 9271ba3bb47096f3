//! A network that is cut, stalled, slow or throttled between some components and a backend.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::support::proxy::LinkState;
use crate::systems::{BackendServer, Cluster, Component};

/// The components whose network fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Apis,
    Workers,
    All,
    /// One worker alone, whose work is taken over meanwhile.
    OneWorker,
}

/// A network fault that lasts some seconds.
struct Network {
    target: Target,
    backends: &'static [BackendServer],
    state: LinkState,
    secs: u64,
}

pub(super) fn all() -> Faults<Cluster> {
    use LinkState::{Cut, Delayed, Stalled, Throttled};
    const POSTGRES: &[BackendServer] = &[BackendServer::Postgres];
    const REDIS: &[BackendServer] = &[BackendServer::Redis];
    const BOTH: &[BackendServer] = &[BackendServer::Postgres, BackendServer::Redis];
    let slow = Delayed(Duration::from_millis(50));
    [
        (Target::Apis, POSTGRES, Cut, 2),
        (Target::Apis, REDIS, Cut, 2),
        (Target::Workers, POSTGRES, Cut, 2),
        (Target::Workers, REDIS, Cut, 2),
        (Target::Apis, POSTGRES, Stalled, 4),
        (Target::Apis, REDIS, Stalled, 4),
        (Target::All, REDIS, Stalled, 4),
        (Target::All, POSTGRES, slow, 3),
        (Target::All, REDIS, slow, 3),
        (Target::Workers, REDIS, Throttled(20_000), 3),
        (Target::OneWorker, BOTH, Stalled, 5),
    ]
    .map(|(target, backends, state, secs)| {
        Box::new(Network { target, backends, state, secs }) as Box<dyn Fault<Cluster>>
    })
    .into()
}

impl Target {
    const fn includes(self, component: Component) -> bool {
        match self {
            Self::Apis => matches!(component, Component::Api(_)),
            Self::Workers => matches!(component, Component::Worker(_)),
            Self::OneWorker => matches!(component, Component::Worker(2)),
            Self::All => true,
        }
    }
}

impl Fault<Cluster> for Network {
    fn name(&self) -> String {
        let Self { target, backends, state, secs } = self;
        format!("network {state:?} for {secs} s, {target:?} to {backends:?}")
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let set = |state| {
                for backend in self.backends {
                    cluster.set_link(*backend, state, |component| self.target.includes(component));
                }
            };
            set(self.state);
            last(self.secs).await;
            set(LinkState::Normal);
            Injected::now()
        })
    }
}
