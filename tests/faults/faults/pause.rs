//! SIGSTOP, and SIGCONT some seconds later.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, component_name, last};
use crate::ledger::Ledger;
use crate::systems::{Cluster, Component, Embedded, System};

/// A component that is stopped for some seconds.
struct Pause(Component, u64);

pub(super) fn of_cluster() -> Faults<Cluster> {
    let long = [Component::Api(0), Component::Worker(1), Component::Redis, Component::Postgres].map(|it| Pause(it, 10));
    let short = [Component::Client, Component::Nginx].map(|it| Pause(it, 2));
    long.into_iter().chain(short).map(|pause| Box::new(pause) as Box<dyn Fault<Cluster>>).collect()
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    [2, 10].map(|secs| Box::new(Pause(Component::Serve, secs)) as Box<dyn Fault<Embedded>>).into()
}

impl<S: System> Fault<S> for Pause {
    fn name(&self) -> String {
        format!("stopped for {} s, {}", self.1, component_name(self.0))
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            system.pause(self.0, true);
            last(self.1).await;
            system.pause(self.0, false);
            Injected::now()
        })
    }
}
