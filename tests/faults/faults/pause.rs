//! SIGSTOP, and SIGCONT some seconds later.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, component_name, last};
use crate::cluster::{Cluster, Component};
use crate::ledger::Ledger;

/// A component that is stopped for some seconds.
struct Pause(Component, u64);

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    let long = [Component::Api(0), Component::Worker(1), Component::Redis, Component::Postgres].map(|it| Pause(it, 10));
    let short = [Component::Client, Component::Nginx].map(|it| Pause(it, 2));
    long.into_iter().chain(short).map(|pause| Box::new(pause) as Box<dyn Fault>).collect()
}

impl Fault for Pause {
    fn name(&self) -> String {
        format!("stopped for {} s, {}", self.1, component_name(self.0))
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            cluster.pause(self.0, true);
            last(self.1).await;
            cluster.pause(self.0, false);
            Injected::now()
        })
    }
}
