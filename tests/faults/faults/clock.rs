//! The wall clock of a component jumps, and back two seconds later.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, component_name, last};
use crate::cluster::{Cluster, Component};
use crate::ledger::Ledger;

/// A jump of a component's clock by some seconds.
struct ClockJump(Component, i64);

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    const HOUR_SECS: i64 = 3_600;
    let components = [Component::Redis, Component::Postgres, Component::Api(0), Component::Worker(0)];
    let jumps = [-HOUR_SECS, HOUR_SECS].into_iter().flat_map(|secs| components.map(|it| ClockJump(it, secs)));
    jumps.map(|jump| Box::new(jump) as Box<dyn Fault>).collect()
}

impl Fault for ClockJump {
    fn name(&self) -> String {
        format!("clock {:+} s and back, {}", self.1, component_name(self.0))
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            cluster.set_clock(self.0, self.1);
            last(2).await;
            cluster.set_clock(self.0, 0);
            Injected::now()
        })
    }
}
